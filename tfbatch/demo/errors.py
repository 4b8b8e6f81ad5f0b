"""Errors of the demo."""


class DemoError(Exception):
    """The demo did not show what it promises; the message says what it found instead."""
