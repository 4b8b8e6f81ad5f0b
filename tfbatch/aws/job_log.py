"""Follows the CloudWatch log of a transform job's containers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs import CloudWatchLogsClient

LOG_GROUP = "/aws/sagemaker/TransformJobs"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobLog:
    """A job's log streams, one for each instance. Each call continues where the last one ended."""

    logs: CloudWatchLogsClient
    job: str
    _tokens: dict[str, str] = field(default_factory=dict)

    def new_lines(self) -> Iterator[str]:
        """Yield the lines written since the last call, stream by stream."""
        for stream in self._streams():
            yield from self._read(stream)

    def _streams(self) -> list[str]:
        """Return the names of the streams; none before the first container writes."""
        pages = self.logs.get_paginator("describe_log_streams").paginate(
            logGroupName=LOG_GROUP, logStreamNamePrefix=f"{self.job}/"
        )
        try:
            return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
        except self.logs.exceptions.ResourceNotFoundException:
            return []

    def _read(self, stream: str) -> Iterator[str]:
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
