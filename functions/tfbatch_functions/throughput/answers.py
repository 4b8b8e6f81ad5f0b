"""Reads when records were answered from the metrics that containers log.

Source of the lines: ``tfbatch_handler/metrics.py``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK: Final = '"CloudWatchMetrics"'
"""In each line with metrics. Other lines are the service's and the model's own."""
NOT_OURS: Final = (
    *(ValueError, LookupError, TypeError, AttributeError),
    *(OverflowError, RecursionError),  # of 1e999, of a hundred thousand brackets
)
"""What a line with the mark raises that the model's own code wrote."""
_LARGEST: Final = 2**53
"""Of a time or a count: the largest whole number that every reader of JSON has exactly."""


def answers_of(metrics: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The answers of a line.

    Args:
        metrics: the line's document.

    Returns:
        Milliseconds since 1970 and the records answered then; of a line of an earlier version its
        own time.

    Raises:
        Exception: one of ``NOT_OURS``; it is no line of tfbatch's handler.
    """
    timestamp = int(metrics["_aws"]["Timestamp"])
    first = int(metrics.get("First", timestamp))
    parts = metrics.get("Answers", [[0, int(metrics["Records"])]])
    found = [(first + int(offset), int(count)) for offset, count in parts]
    if not all(0 <= number <= _LARGEST for answer in found for number in answer):
        raise ValueError("a time or a count is below 0 or too large")
    return found


def answers_in(line: str) -> list[tuple[int, int]]:
    """The answers of a log line; none of a line that isn't the handler's metrics."""
    if MARK not in line:
        return []
    try:
        return answers_of(json.loads(line))
    except NOT_OURS:
        return []
