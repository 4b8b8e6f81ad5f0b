"""What stops a synthesis, with a message that says what was found and what to do."""


class SettingsError(ValueError):
    """A setting, or a model that it names, can't be deployed."""
