"""Reads the log streams of a transform job.

Each instance has two: ``<job>/<instance>`` of its container, and ``<job>/<instance>/data-log`` of
SageMaker.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3

from tfbatch_functions.runtime.client_config import config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_logs import CloudWatchLogsClient

GROUP: Final = "/aws/sagemaker/TransformJobs"
_MOST_PAGES: Final = 200
"""Of 10,000 lines or 1 MB each, of all streams of a job. Lines beyond them are not read."""


def is_data_log(stream: str) -> bool:
    """Whether SageMaker writes it, and not the container."""
    return stream.endswith("/data-log")


def pages(
    job: str, wanted: Callable[[str], bool], *, logs: CloudWatchLogsClient | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Read the wanted streams of a job, one after the other.

    Args:
        job: its name.
        wanted: whether to read a stream, by its name.
        logs: the CloudWatch Logs API.

    Yields:
        The name of the stream and the lines of a page.

    Raises:
        ClientError: there is no log group, or it may not be read.
        BotoCoreError: CloudWatch Logs can't be reached.
    """
    logs = logs or client()
    listed = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=GROUP, logStreamNamePrefix=f"{job}/"
    )
    left = _MOST_PAGES
    for stream in itertools.chain.from_iterable(page["logStreams"] for page in listed):
        name = stream["logStreamName"]
        if wanted(name):
            for lines in itertools.islice(_read(name, logs), left):
                left -= 1
                yield name, lines


def _read(stream: str, logs: CloudWatchLogsClient) -> Iterator[list[str]]:
    """Yield a stream's pages from its start. At the end the API returns the token it was given."""
    token, before = "", None
    while token != before:
        more: Any = {"nextToken": token} if token else {}
        page = logs.get_log_events(
            logGroupName=GROUP, logStreamName=stream, startFromHead=True, **more
        )
        yield [event["message"] for event in page["events"]]
        before, token = token, page["nextForwardToken"]


@cache
def client() -> CloudWatchLogsClient:
    """The client that functions share."""
    return boto3.client("logs", config=config(retries=3))
