"""Reads from SageMaker's data log what the failure reason of a job doesn't say.

The failure reason is only "See job logs". The data log of an instance has a line
``<time>:[sagemaker logs]: <bucket>/<key>: <text>`` for each object that could not be transformed,
and before them the parameters of the requests, once the container has answered ``/ping``.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from tfbatch_functions.accounting import job_logs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mypy_boto3_logs import CloudWatchLogsClient

_MARK: Final = "[sagemaker logs]: "
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
        for line in itertools.chain.from_iterable(_pages(job, logs)):
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
        for line in itertools.chain.from_iterable(_pages(job, logs)):
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


def _pages(job: str, logs: CloudWatchLogsClient | None) -> Iterator[list[str]]:
    """The lines of the job's data logs, one for each instance."""
    return (lines for _, lines in job_logs.pages(job, job_logs.is_data_log, logs=logs))
