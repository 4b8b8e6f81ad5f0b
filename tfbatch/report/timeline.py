"""Computes throughput and latency over time from the logs of a run's jobs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfbatch.aws.job_log import JobLog
from tfbatch_functions.throughput.answers import MARK, NOT_OURS, answers_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_logs import CloudWatchLogsClient


@dataclass(kw_only=True, slots=True)
class Timeline:
    """The counts in the containers' logs."""

    records: Counter[int] = field(default_factory=Counter)
    """Second since 1970 -> records answered in it."""
    answers: list[tuple[int, int]] = field(default_factory=list)
    """See :func:`tfbatch_functions.throughput.answers.answers_of`."""
    errors: int = 0
    requests: Counter[int] = field(default_factory=Counter)
    """Milliseconds, rounded up to a power of the square root of 2 -> requests."""

    @classmethod
    def read(cls, logs: CloudWatchLogsClient, jobs: Iterable[str]) -> Timeline:
        """Read the logs of jobs. Expired logs are ignored."""
        found = cls()
        for job in jobs:
            for line in JobLog(logs=logs, job=job).new_lines():
                if MARK in line:
                    found.add(line)
        return found

    def add(self, line: str) -> None:
        """Count a line of a container's metrics; ignore other lines."""
        try:
            metrics = json.loads(line)
            timestamp = int(metrics["_aws"]["Timestamp"])
            records = int(metrics["Records"])
            waits = {int(wait): int(n) for wait, n in metrics.get("Milliseconds", {}).items()}
            answers = answers_of(metrics)
        except NOT_OURS:
            return
        self.records[timestamp // 1000] += records
        self.answers += answers
        self.requests.update(waits)

    def series(self, points: int) -> tuple[float, list[float]]:
        """Records per second over time.

        Args:
            points: maximum number of points.

        Returns:
            Seconds of each point, and the points; none if nothing was counted.
        """
        if not self.records:
            return 1.0, []
        first, last = min(self.records), max(self.records)
        step = max(1, -(-(last - first + 1) // points))
        rates = [0.0] * ((last - first) // step + 1)
        for second, count in self.records.items():
            rates[(second - first) // step] += count / step
        return float(step), rates

    def waits(self) -> list[int]:
        """Every power of the square root of 2 from the shortest wait to the longest."""
        if not self.requests:
            return []
        powers = (round(2 ** (number / 2)) for number in range(64))
        low, high = min(self.requests), max(self.requests)
        return sorted({*self.requests, *(one for one in powers if low <= one <= high)})

    def percentile(self, share: float) -> int | None:
        """Milliseconds within which this share of requests was answered, rounded up."""
        total, passed = self.requests.total(), 0
        for wait in sorted(self.requests):
            passed += self.requests[wait]
            if passed >= share * total:
                return wait
        return None
