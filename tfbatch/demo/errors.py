"""What can go wrong in a demo, beyond what its parts raise themselves."""


class DemoError(Exception):
    """The demo did not show what it promises; the message says what it found instead."""
