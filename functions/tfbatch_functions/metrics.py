"""CloudWatch metrics as a line of the log: the Embedded Metric Format, no API call."""

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
    "Exceptions": "Count",
    "RecordErrors": "Count",
    "Seconds": "Seconds",
    "Usd": "None",
}


def line(summary: Mapping[str, Any], *, model: str | None) -> str:
    """The summary's numbers as metrics, of all models and of the run's; the unknown is left out.

    Source: "Specification: Embedded metric format", CloudWatch user guide.
    """
    values = {
        name: summary[name[0].lower() + name[1:]]
        for name in _UNITS
        if summary[name[0].lower() + name[1:]] is not None
    }
    dimensions = {"Model": model} if model else {}
    told = {
        "Timestamp": int(time.time() * 1000),
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [[], list(dimensions)] if dimensions else [[]],
                "Metrics": [{"Name": name, "Unit": _UNITS[name]} for name in values],
            }
        ],
    }
    return json.dumps({"_aws": told, **dimensions, **values})
