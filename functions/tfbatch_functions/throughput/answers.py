"""Reads when records were answered from the metrics that containers log.

Source of the lines: ``tfbatch_handler/metrics.py``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = '"CloudWatchMetrics"'
"""In each line with metrics. Other lines are the service's and the model's own."""


def answers_of(metrics: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The answers of a line.

    Args:
        metrics: the line's document.

    Returns:
        Milliseconds since 1970 and the records answered then; of a line of an earlier version its
        own time.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is no line of tfbatch's handler.
    """
    timestamp = int(metrics["_aws"]["Timestamp"])
    first = int(metrics.get("First", timestamp))
    parts = metrics.get("Answers", [[0, int(metrics["Records"])]])
    return [(first + int(offset), int(count)) for offset, count in parts]


def answers_in(line: str) -> list[tuple[int, int]]:
    """The answers of a log line; none of a line that isn't the handler's metrics."""
    if MARK not in line:
        return []
    try:
        return answers_of(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError):  # of the model's own making
        return []
