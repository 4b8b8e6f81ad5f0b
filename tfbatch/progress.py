"""Watches a transform job: its status, and how many records it has done.

The handler prints its counts as Embedded Metric Format lines (``tfbatch_handler.metrics``), each
with what happened since the line before, and SageMaker takes the container's output to CloudWatch
Logs. The sum over a job's log streams is what is done; the same in the sandbox and on AWS.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient

LOG_GROUP = "/aws/sagemaker/TransformJobs"


@dataclass(kw_only=True, slots=True)
class RecordCount:
    """How many records a job's containers say they have answered; read on from where it was."""

    logs: CloudWatchLogsClient
    job: str
    records: int = 0
    errors: int = 0
    """Records of these that became an error line."""
    _tokens: dict[str, str] = field(default_factory=dict)

    def update(self) -> None:
        """Add what the log streams have got since the last call."""
        for stream in self._streams():
            for message in self._new_messages(stream):
                self._add(message)

    def _streams(self) -> list[str]:
        """One stream for each instance; none before the first container writes."""
        pages = self.logs.get_paginator("describe_log_streams").paginate(
            logGroupName=LOG_GROUP, logStreamNamePrefix=f"{self.job}/"
        )
        try:
            return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
        except self.logs.exceptions.ResourceNotFoundException:
            return []

    def _new_messages(self, stream: str) -> Iterator[str]:
        read = partial(
            self.logs.get_log_events,
            logGroupName=LOG_GROUP,
            logStreamName=stream,
            startFromHead=True,
        )
        while True:
            token = self._tokens.get(stream)
            page = read(nextToken=token) if token else read()
            yield from (event["message"] for event in page["events"])
            self._tokens[stream] = page["nextForwardToken"]
            if self._tokens[stream] == token:  # the end, for now
                return

    def _add(self, message: str) -> None:
        if '"CloudWatchMetrics"' not in message:
            return
        try:
            metrics = json.loads(message)
            records, errors = int(metrics["Records"]), int(metrics["RecordErrors"])
        except (ValueError, KeyError, TypeError):  # a line of the model's own making
            return
        self.records += records
        self.errors += errors


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Where a job is."""

    status: str
    """Of the job, in SageMaker's words; ``Starting`` until its instances take records."""
    records: int
    """Done so far."""
    seconds: float
    """Since the first record could be taken."""
    total: int

    @property
    def records_per_second(self) -> float:
        """The mean so far."""
        return self.records / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the mean so far; ``None`` while nothing is done."""
        rate = self.records_per_second
        return (self.total - self.records) / rate if rate else None


@dataclass(kw_only=True, slots=True)
class JobWatch:
    """A job's progress towards a known number of records."""

    sagemaker: SageMakerClient
    count: RecordCount
    total: int

    def look(self) -> Progress:
        """Ask SageMaker and CloudWatch Logs once."""
        job = self.sagemaker.describe_transform_job(TransformJobName=self.count.job)
        self.count.update()
        start, end = job.get("TransformStartTime"), job.get("TransformEndTime")
        seconds = ((end or datetime.now(UTC)) - start).total_seconds() if start else 0.0
        return Progress(
            status=job["TransformJobStatus"] if start else "Starting",
            records=self.count.records,
            seconds=max(seconds, 0.0),
            total=self.total,
        )
