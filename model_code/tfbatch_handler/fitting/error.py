"""What a record that doesn't fit the model raises."""


class FitError(ValueError):
    """A record doesn't fit the model. The message says what was sent, and how to write it."""
