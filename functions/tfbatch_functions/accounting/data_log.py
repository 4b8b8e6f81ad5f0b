"""Reads from SageMaker's data log why a job could not transform an object.

A job says "See job logs" and no more; the log stream ``<job>/<instance>/data-log`` has, for each
such object, lines of ``<time>:[sagemaker logs]: <bucket>/<key>: <text>``.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mypy_boto3_logs import CloudWatchLogsClient

GROUP: Final = "/aws/sagemaker/TransformJobs"
_STREAM: Final = "/data-log"
_MARK: Final = "[sagemaker logs]: "
_MOST_PAGES: Final = 200
"""Of 10,000 lines or 1 MB each; beyond, the job's own reason has to do."""
_MOST_CHARACTERS: Final = 500
_LABELS: Final = ("", "Message:")
"""Lines that say nothing."""


def reasons(
    job: str, wanted: Collection[str], *, logs: CloudWatchLogsClient | None = None
) -> dict[str, str]:
    """Why objects have no output, of those that the log tells of.

    A log that isn't there, or may not be read, has told nothing: no run fails for want of words.

    Args:
        job: its name.
        wanted: ``bucket/key`` of each object.
        logs: the API.
    """
    found: dict[str, list[str]] = {}
    try:
        for line in itertools.chain.from_iterable(_pages(job, logs or _client())):
            source, text = _parse(line, wanted)
            if source and text.strip() not in _LABELS:
                found.setdefault(source, []).append(text.strip())
    except (BotoCoreError, ClientError) as error:
        print(f"The data log of {job} can't be read: {error}")  # noqa: T201 (Lambda's log)
    return {source: ": ".join(texts)[:_MOST_CHARACTERS] for source, texts in found.items()}


def _parse(line: str, wanted: Collection[str]) -> tuple[str, str]:
    """The object that a line tells of, if it is wanted, and what it says; a key may hold ``: ``."""
    told = line.partition(_MARK)[2]
    end = told.find(":")
    while end >= 0:
        if told[:end] in wanted:
            return told[:end], told[end + 1 :]
        end = told.find(":", end + 1)
    return "", ""


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
    """A stream's pages, from its beginning; the end gives back the token that it was asked with."""
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
    return boto3.client("logs", config=Config(retries={"mode": "standard", "max_attempts": 8}))
