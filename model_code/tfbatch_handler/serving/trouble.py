"""What may go wrong with a request to TensorFlow Serving, and whose fault it may be."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["away", "busy", "lost", "load", "status"]
"""``away``: the request wasn't sent; ``busy``: the server's queue is full; ``lost``: it was sent,
and the connection was closed or stays silent; ``load``: a status that other requests' load may
cause; ``status``: any other."""

_UNDECIDED: Final = frozenset((404, 408, 409, 412, 425, 429, 499))
"""4xx that don't say that the request is bad: a model that loads, is out of memory, cancelled."""
_NOT_IMPLEMENTED: Final = 501
_LOAD: Final = frozenset((429, 499, 503, 504))
_QUEUE_IS_FULL: Final = "batch scheduling queue"
"""In TensorFlow Serving's message of a full queue."""


class Outage(RuntimeError):  # noqa: N818  the state
    """TensorFlow Serving did not answer in time. It may succeed later; no record is bad."""


class Refusal(ValueError):  # noqa: N818  what it is called on the line of the record
    """TensorFlow Serving refused the request itself: HTTP 400, 501 and the like."""


class Trouble(RuntimeError):  # noqa: N818  the state
    """A request without an answer: the record's fault, or the server's."""

    def __init__(self, reason: str, *, kind: Kind) -> None:
        """Keep the kind."""
        super().__init__(reason)
        self.kind = kind


def of_status(status: int, message: str) -> Refusal | Trouble:
    """What a status other than 200 means."""
    if status == _NOT_IMPLEMENTED or (400 <= status < 500 and status not in _UNDECIDED):  # noqa: PLR2004
        return Refusal(message)
    reason = f"HTTP {status}: {message}"
    if _QUEUE_IS_FULL in message:
        return Trouble(reason, kind="busy")
    return Trouble(reason, kind="load" if status in _LOAD else "status")
