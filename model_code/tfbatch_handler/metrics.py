"""Prints the worker's progress as CloudWatch Embedded Metric Format lines.

On AWS the same lines become metrics with no API call, and whoever watches a job sums them over
its log streams. A line counts what happened since the line before, at most one a second.
"""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import dataclass, field
from typing import Final

NAMESPACE: Final = "tfbatch"
_SECONDS = 1.0
_METRICS = [{"Name": name, "Unit": "Count"} for name in ("Records", "RecordErrors", "Requests")]


@dataclass(kw_only=True, slots=True)
class Progress:
    """Counts since the last line; nothing runs while there is nothing to say."""

    model: str
    records: int = 0
    errors: int = 0
    requests: int = 0
    waits: dict[int, int] = field(default_factory=dict)
    """Requests by the milliseconds they took, rounded up to a power of the square root of 2."""
    timer: threading.Timer | None = None
    # Looked up when it is made: under gevent, which may patch after this import, it is gevent's. A
    # native one would stop every greenlet while the one that holds it waits for its timer's start.
    lock: threading.Lock = field(default_factory=lambda: threading.Lock())  # noqa: PLW0108

    def add(self, *, records: int, errors: int, seconds: float) -> None:
        """Count one request and make sure that a line follows within a second."""
        wait = _rounded(seconds * 1000)
        with self.lock:
            self.waits[wait] = self.waits.get(wait, 0) + 1
            self.records += records
            self.errors += errors
            self.requests += 1
            if self.timer is None:
                self.timer = threading.Timer(_SECONDS, self.flush)
                self.timer.daemon = True
                self.timer.start()

    def close(self) -> None:
        """Print what has not been printed, now; it is out when this returns."""
        timer = self.timer
        if timer is not None:
            timer.cancel()
        self.flush()

    def flush(self) -> None:
        """Print the line, if there is anything to say."""
        with self.lock:  # printed in it: who closes waits for a line that is on its way
            if self.timer is None:
                return
            line = self.line(int(time.time() * 1000))
            self.records = self.errors = self.requests = 0
            self.waits = {}
            self.timer = None
            # The end of line with it, in one write: other workers have the same stdout, which is
            # where CloudWatch Logs reads, and Python may be told not to buffer it.
            print(line + "\n", end="", flush=True)  # noqa: T201

    def line(self, timestamp: int) -> str:
        """The counts as one line, at ``timestamp`` in milliseconds since the epoch."""
        directive = {"Namespace": NAMESPACE, "Dimensions": [["Model"]], "Metrics": _METRICS}
        metadata = {"Timestamp": timestamp, "CloudWatchMetrics": [directive]}
        return json.dumps(
            {
                "_aws": metadata,
                "Model": self.model,
                "Records": self.records,
                "RecordErrors": self.errors,
                "Requests": self.requests,
                "Milliseconds": self.waits,
            },
            separators=(",", ":"),
        )


def _rounded(milliseconds: float) -> int:
    """The power of the square root of 2 at or above, in whole milliseconds."""
    return round(2 ** (math.ceil(2 * math.log2(max(milliseconds, 1.0))) / 2))
