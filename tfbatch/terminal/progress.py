"""Adds up the progress metrics that the handler prints.

The handler prints its counts as Embedded Metric Format lines (``tfbatch_handler.metrics``), each
for the time since the previous line. SageMaker sends the container's output to CloudWatch Logs. The
sum over a job's log streams is its progress, in the sandbox and on AWS.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch_functions.throughput.answers import MARK, NOT_OURS

if TYPE_CHECKING:
    from tfbatch.aws.job_log import JobLog

_LINE_SECONDS = 1.0
"""The interval of a line of an earlier version, which has no time of its first answer."""


@dataclass(kw_only=True, slots=True)
class RecordCount:
    """The records that a job's containers have answered, and the time for them."""

    log: JobLog
    records: int = 0
    errors: int = 0
    """Records that became an error line."""
    _first: float = math.inf
    _last: float = -math.inf

    @property
    def seconds(self) -> float:
        """From the first answer to the last, by the containers' clocks."""
        return self._last - self._first if self.records else 0.0

    def update(self) -> None:
        """Add the new lines of the job's log."""
        for line in self.log.new_lines():
            if MARK in line:
                self._add(line)

    def _add(self, line: str) -> None:
        try:
            metrics = json.loads(line)
            records, errors = int(metrics["Records"]), int(metrics["RecordErrors"])
            at = metrics["_aws"]["Timestamp"] / 1000
            first = metrics.get("First", 1000 * (at - _LINE_SECONDS)) / 1000
            last = first + metrics["Answers"][-1][0] / 1000 if metrics.get("Answers") else at
        except NOT_OURS:
            return
        self.records += records
        self.errors += errors
        self._first, self._last = min(self._first, first), max(self._last, last)
