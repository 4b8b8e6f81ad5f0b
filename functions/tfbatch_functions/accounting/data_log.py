"""Reads from SageMaker's data log what the failure reason of a job doesn't say.

The failure reason is only "See job logs". The log stream ``<job>/<instance>/data-log`` has a line
``<time>:[sagemaker logs]: <bucket>/<key>: <text>`` for each object that could not be transformed,
and before them the parameters of the requests, once the container has answered ``/ping``.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tfbatch_functions.runtime.client_config import config

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mypy_boto3_logs import CloudWatchLogsClient

GROUP: Final = "/aws/sagemaker/TransformJobs"
_STREAM: Final = "/data-log"
_MARK: Final = "[sagemaker logs]: "
_MOST_PAGES: Final = 200
"""Pages of 10,000 lines or 1 MB each. Beyond them the job's own reason is used."""
_MOST_CHARACTERS: Final = 500
_PARAMETERS: Final = f"{_MARK}MaxConcurrentTransforms="
"""The first line of a job whose container serves. Source: the logs of
aws/sagemaker-tensorflow-serving-container#93 and aws/amazon-sagemaker-examples#1620."""
_LABELS: Final = ("", "Message:")
"""Lines without information."""


def reasons(
    job: str, wanted: Collection[str], *, logs: CloudWatchLogsClient | None = None
) -> dict[str, str]:
    """Find the reasons of objects without an output.

    A missing or unreadable log gives no reasons; it never fails a run.

    Args:
        job: name of the job.
        wanted: ``bucket/key`` of each object.
        logs: the CloudWatch Logs API.
    """
    found: dict[str, list[str]] = {}
    try:
        for line in itertools.chain.from_iterable(_pages(job, logs or _client())):
            source, text = _parse(line, wanted)
            if source and text.strip() not in _LABELS:
                found.setdefault(source, []).append(text.strip())
    except (BotoCoreError, ClientError) as error:
        _tell(job, error)
    return {source: ": ".join(texts)[:_MOST_CHARACTERS] for source, texts in found.items()}


def has_served(job: str, *, logs: CloudWatchLogsClient | None = None) -> bool | None:
    """Whether a container of the job served; ``None`` if the log doesn't tell.

    Args:
        job: name of the job.
        logs: the CloudWatch Logs API.
    """
    is_there = False
    try:
        for line in itertools.chain.from_iterable(_pages(job, logs or _client())):
            is_there = True
            if _PARAMETERS in line:
                return True
    except (BotoCoreError, ClientError) as error:
        _tell(job, error)
        return None
    return False if is_there else None


def _parse(line: str, wanted: Collection[str]) -> tuple[str, str]:
    """Parse a line: a wanted object and its reason. A key may contain ``: ``."""
    told = line.partition(_MARK)[2]
    end = told.find(":")
    while end >= 0:
        if told[:end] in wanted:
            return told[:end], told[end + 1 :]
        end = told.find(":", end + 1)
    return "", ""


def _tell(job: str, error: Exception) -> None:
    print(f"The data log of {job} can't be read: {error}")  # noqa: T201 (Lambda's log)


def _pages(job: str, logs: CloudWatchLogsClient) -> Iterator[list[str]]:
    """The lines of the job's data logs, one for each instance."""
    streams = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=GROUP, logStreamNamePrefix=f"{job}/"
    )
    left = _MOST_PAGES
    for stream in itertools.chain.from_iterable(page["logStreams"] for page in streams):
        if stream["logStreamName"].endswith(_STREAM):
            for lines in itertools.islice(_read(stream["logStreamName"], logs), left):
                left -= 1
                yield lines


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
def _client() -> CloudWatchLogsClient:
    return boto3.client("logs", config=config(retries=3))
