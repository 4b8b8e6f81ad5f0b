"""What stops a synthesis, with a message that says what was found and what to do."""


class SettingsError(ValueError):
    """A setting, or a model that it names, can't be deployed."""


def require(holds: bool, settings: object, name: str, remedy: str) -> None:  # noqa: FBT001
    """Refuse a field's value, naming it and the remedy.

    Raises:
        SettingsError: it doesn't hold.
    """
    if not holds:
        where = f"{type(settings).__name__}.{name}"
        raise SettingsError(f"{where} = {getattr(settings, name)!r}: {remedy}")
