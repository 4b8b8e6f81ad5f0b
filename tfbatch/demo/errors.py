"""Errors of the demo."""


class DemoError(Exception):
    """The demo found something unexpected. The message says what."""
