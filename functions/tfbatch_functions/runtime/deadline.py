"""The time that a function has left before it must return to be called again."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Protocol

RESERVE_SECONDS: Final = "TFBATCH_RESERVE_SECONDS"
"""Variable: the time kept for finishing what is under way and writing it down, in seconds."""
_MOST_SECONDS: Final = 60.0
_SHARE: Final = 0.25
"""What is kept where nobody says: this share of a call's time, up to a minute."""

HasTime = Callable[[], bool]


class Context(Protocol):
    """What of Lambda's context is used."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""
        ...


def has_time(context: Context) -> HasTime:
    """Asks whether more work may be begun."""
    share = context.get_remaining_time_in_millis() / 1000 * _SHARE
    seconds = float(os.environ.get(RESERVE_SECONDS) or min(share, _MOST_SECONDS))
    return lambda: context.get_remaining_time_in_millis() > seconds * 1000
