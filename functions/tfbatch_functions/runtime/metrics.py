"""Writes CloudWatch metrics as log lines in the Embedded Metric Format."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE: Final = "tfbatch"
_UNITS: Final = {
    "Inputs": "Count",
    "Outputs": "Count",
    "Records": "Count",
    "Exceptions": "Count",
    "RecordErrors": "Count",
    "ExceptionPercent": "Percent",
    "Seconds": "Seconds",
    "RecordsPerSecond": "Count/Second",
    "Usd": "None",
    "UsdPerThousand": "None",
}


def line(summary: Mapping[str, Any], *, about: Mapping[str, str], execution: str) -> str:
    """The summary's numbers as metrics. Unknown ones are left out.

    Source: "Specification: Embedded metric format", CloudWatch user guide.

    Args:
        summary: summary of the run.
        about: dimensions. Metrics are published by the first, which alarms use, and by all.
        execution: the execution of the run, for searching the log.
    """
    known = {**summary, "exceptionPercent": _exception_percent(summary)}
    values = {
        name: known[name[0].lower() + name[1:]]
        for name in _UNITS
        if known[name[0].lower() + name[1:]] is not None
    }
    names = list(about)
    told = {
        "Timestamp": int(time.time() * 1000),
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [names[:1], names],
                "Metrics": [{"Name": name, "Unit": _UNITS[name]} for name in values],
            }
        ],
    }
    return json.dumps({"_aws": told, **about, **values, "execution": execution})


def _exception_percent(summary: Mapping[str, Any]) -> float:
    """Exceptions as a percentage of all records and of objects without an output."""
    without = summary["exceptions"] + summary["recordErrors"]
    whole = summary["records"] + summary["exceptions"]
    return round(100 * without / whole, 4) if whole else 0.0
