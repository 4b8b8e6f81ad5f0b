"""Prints the worker's progress as CloudWatch Embedded Metric Format lines.

On AWS the lines become metrics without an API call. ``tfbatch watch`` adds them up over the log
streams of a job. A line counts what happened since the previous line, at most one a second.
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
_APART = 10
"""Milliseconds from one entry of the answers to the next, so that a line has a hundred at most."""
_METRICS = [{"Name": name, "Unit": "Count"} for name in ("Records", "RecordErrors", "Requests")]


@dataclass(kw_only=True, slots=True)
class Progress:
    """Counts since the last line. Nothing runs while there is nothing to print."""

    model: str
    records: int = 0
    errors: int = 0
    requests: int = 0
    waits: dict[int, int] = field(default_factory=dict)
    """Requests by their milliseconds, rounded up to a power of the square root of 2."""
    answers: list[list[int]] = field(default_factory=list)
    """Milliseconds since 1970 and the records answered then; one entry for every 10 ms at most."""
    timer: threading.Timer | None = None
    # Looked up when it is created: under gevent, which may patch after this import, it is gevent's
    # lock. A native lock would block every greenlet while its holder waits for a timer to start.
    lock: threading.Lock = field(default_factory=lambda: threading.Lock())  # noqa: PLW0108

    def add(self, *, records: int, errors: int, seconds: float) -> None:
        """Count one request, answered now, and print a line within a second."""
        wait = _rounded(seconds * 1000)
        now = int(time.time() * 1000)
        with self.lock:
            if self.answers and 0 <= now - self.answers[-1][0] < _APART:
                self.answers[-1][1] += records
            else:
                self.answers.append([now, records])
            self.waits[wait] = self.waits.get(wait, 0) + 1
            self.records += records
            self.errors += errors
            self.requests += 1
            if self.timer is None:
                self.timer = threading.Timer(_SECONDS, self.flush)
                self.timer.daemon = True
                self.timer.start()

    def close(self) -> None:
        """Print the remaining counts now. They are written when this returns."""
        timer = self.timer
        if timer is not None:
            timer.cancel()
        self.flush()

    def flush(self) -> None:
        """Print the line, if there are counts."""
        with self.lock:  # printed under the lock: close() waits for a line that is being written
            if self.timer is None:
                return
            line = self.line(int(time.time() * 1000))
            self.records = self.errors = self.requests = 0
            self.waits, self.answers = {}, []
            self.timer = None
            # One write including the end of line: other workers share this stdout, which CloudWatch
            # Logs reads, and Python may be unbuffered.
            print(line + "\n", end="", flush=True)  # noqa: T201

    def line(self, timestamp: int) -> str:
        """The counts as one line, at ``timestamp`` in milliseconds since the epoch."""
        first = self.answers[0][0] if self.answers else timestamp
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
                "First": first,
                "Answers": [[at - first, records] for at, records in self.answers],
            },
            separators=(",", ":"),
        )


def _rounded(milliseconds: float) -> int:
    """The next power of the square root of 2, in whole milliseconds."""
    return round(2 ** (math.ceil(2 * math.log2(max(milliseconds, 1.0))) / 2))
