"""Stops the transform jobs of an execution that ended before them.

The event of an execution's end calls it. A job may be created at that moment, so it looks again
until it has found nothing twice.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import ClientError

from tfbatch_functions.accounting.jobs import moment
from tfbatch_functions.runtime.client_config import config
from tfbatch_functions.runtime.deadline import has_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_sagemaker import SageMakerClient

    from tfbatch_functions.runtime.deadline import Context, HasTime

Event = dict[str, Any]

PAUSE_SECONDS: Final = "TFBATCH_STOP_PAUSE_SECONDS"
"""Environment variable: the pause between two looks, in seconds."""
_LOOKS: Final = 2
_LATE_MS: Final = 60_000
"""A job that is created later than this after the end is of an execution that was redriven, and the
event came late."""
_RUNNING: Final = "InProgress"


def handler(event: Event, context: Context) -> Event:
    """The Lambda handler: see :func:`stop`."""
    pause = float(os.environ.get(PAUSE_SECONDS, "10"))
    return stop(event, _sagemaker(), has_time(context), pause=lambda: time.sleep(pause))


def stop(
    event: Mapping[str, Any],
    sagemaker: SageMakerClient,
    has_time: HasTime,
    *,
    pause: Callable[[], object],
) -> Event:
    """Stop the running jobs of an execution.

    Args:
        event: the ARN of the ``execution``, ``jobs``, how the names of its stage's jobs begin, and
            when it ``ended``, in milliseconds.
        sagemaker: the SageMaker API.
        has_time: whether to continue.
        pause: waits between two looks.

    Returns:
        The names of the stopped jobs.
    """
    prefix, stopped, idle = job_prefix(event["jobs"], event["execution"]), [], 0
    until = moment(event["ended"] + _LATE_MS) if "ended" in event else None
    while has_time():
        found = list(_running(sagemaker, prefix, until))
        stopped += [name for name in found if _stop(sagemaker, name)]
        idle = 0 if found else idle + 1
        if idle == _LOOKS:
            break
        pause()
    return {"stopped": stopped}


def job_prefix(of_stage: str, execution_arn: str) -> str:
    """The start of the names of an execution's jobs, as the workflow makes them (``RUN``)."""
    words = re.sub("[^A-Za-z0-9]+", "-", execution_arn.rpartition(":")[2])[: 41 - len(of_stage)]
    return f"{of_stage}{words}-{hashlib.sha256(execution_arn.encode()).hexdigest()[:8]}-"


def _running(sagemaker: SageMakerClient, prefix: str, until: datetime | None) -> Iterator[str]:
    pages = sagemaker.get_paginator("list_transform_jobs").paginate(
        NameContains=prefix, StatusEquals=_RUNNING
    )
    for page in pages:
        for job in page["TransformJobSummaries"]:
            is_of_end = until is None or job["CreationTime"] <= until
            if job["TransformJobName"].startswith(prefix) and is_of_end:
                yield job["TransformJobName"]


def _stop(sagemaker: SageMakerClient, name: str) -> bool:
    """Stop a job. Returns false if it has ended meanwhile."""
    try:
        sagemaker.stop_transform_job(TransformJobName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        return False
    return True


@cache
def _sagemaker() -> SageMakerClient:
    return boto3.client("sagemaker", config=config(retries=10, mode="adaptive"))
