"""The error of an invalid setting, with a message that names the field, value and remedy."""


class SettingsError(ValueError):
    """A setting, or a model that it names, can't be deployed."""


def require(holds: bool, settings: object, name: str, remedy: str) -> None:  # noqa: FBT001
    """Check a field's value.

    Raises:
        SettingsError: ``holds`` is false; names the field, its value and the remedy.
    """
    if not holds:
        where = f"{type(settings).__name__}.{name}"
        raise SettingsError(f"{where} = {getattr(settings, name)!r}: {remedy}")
