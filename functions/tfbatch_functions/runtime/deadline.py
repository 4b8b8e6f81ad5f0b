"""The time that a function has left before it must return to be called again."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Protocol

RESERVE_SECONDS: Final = "TFBATCH_RESERVE_SECONDS"
"""Environment variable: the time kept for finishing and saving, in seconds."""
_MOST_SECONDS: Final = 60.0
_SHARE: Final = 0.25
"""The default of that time: this share of a call's time, at most a minute."""

HasTime = Callable[[], bool]


class Context(Protocol):
    """The part of Lambda's context that is used."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""
        ...


def has_time(context: Context) -> HasTime:
    """Whether more work may be started."""
    share = context.get_remaining_time_in_millis() / 1000 * _SHARE
    seconds = float(os.environ.get(RESERVE_SECONDS) or min(share, _MOST_SECONDS))
    return lambda: context.get_remaining_time_in_millis() > seconds * 1000
