"""Builds DescribeTransformJob and ListTransformJobs responses and status change events."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends

from tfbatch_sandbox.services.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_sandbox.services.sagemaker.transform_job import TransformJob

_LOG = logging.getLogger(__name__)
SOURCE = "aws.sagemaker"
DETAIL_TYPE = "SageMaker Transform Job State Change"
_PAGE = 10
_SORT_KEYS = {
    "Name": lambda job: job.transform_job_name,
    "CreationTime": lambda job: job.creation_time,
    "Status": lambda job: job.status,
}


def describe(job: TransformJob) -> dict[str, Any]:
    """The DescribeTransformJob response, with SageMaker's defaults."""
    request = job.request
    return {
        **{name: value for name, value in request.items() if name != "Tags"},
        "TransformInput": {"CompressionType": "None", "SplitType": "None"}
        | request["TransformInput"],
        "TransformOutput": {"AssembleWith": "None", "KmsKeyId": ""} | request["TransformOutput"],
        "DataProcessing": {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
        | request.get("DataProcessing", {}),
        **_standing(job),
    }


def _standing(job: TransformJob) -> dict[str, Any]:
    values = {
        "TransformJobArn": job.arn,
        "TransformJobStatus": job.status,
        "FailureReason": job.failure_reason,
        "CreationTime": job.creation_time,
        "TransformStartTime": job.start_time,
        "TransformEndTime": job.end_time,
    }
    return {name: value for name, value in values.items() if value is not None}


def page(jobs: Sequence[TransformJob], request: Mapping[str, Any]) -> dict[str, Any]:
    """The ListTransformJobs response.

    Args:
        jobs: all jobs of the region.
        request: filters, order and page of ListTransformJobs.
    """
    chosen = sorted(
        (job for job in jobs if _matches(job, request)),
        key=_SORT_KEYS[request.get("SortBy", "CreationTime")],
        reverse=request.get("SortOrder", "Descending") == "Descending",
    )
    start = _start(request)
    end = start + request.get("MaxResults", _PAGE)
    response: dict[str, Any] = {
        "TransformJobSummaries": [_summary(job) for job in chosen[start:end]]
    }
    return response | ({"NextToken": str(end)} if end < len(chosen) else {})


def _start(request: Mapping[str, Any]) -> int:
    token = request.get("NextToken", "0")
    if not token.isdecimal():
        raise refusal(f"Invalid NextToken: {token}")
    return int(token)


def _matches(job: TransformJob, request: Mapping[str, Any]) -> bool:
    return (
        request.get("NameContains", "").lower() in job.transform_job_name.lower()
        and request.get("StatusEquals", job.status) == job.status
        and _within(job.creation_time, request, "CreationTime")
        and _within(job.last_modified_time, request, "LastModifiedTime")
    )


def _within(time: datetime, request: Mapping[str, Any], name: str) -> bool:
    after, before = request.get(f"{name}After"), request.get(f"{name}Before")
    stamp = time.timestamp()
    return (after is None or stamp > after) and (before is None or stamp < before)


def _summary(job: TransformJob) -> dict[str, Any]:
    standing = _standing(job)
    standing.pop("TransformStartTime", None)
    return standing | {
        "TransformJobName": job.transform_job_name,
        "LastModifiedTime": job.last_modified_time,
    }


def publish(job: TransformJob) -> None:
    """Send the job's status to EventBridge's default bus; times are milliseconds since 1970."""
    region, account = job.arn.split(":")[3:5]
    detail = {"TransformJobName": job.transform_job_name} | describe(job)
    times = {
        name: int(value.timestamp() * 1000)
        for name, value in detail.items()
        if isinstance(value, datetime)
    }
    entry = {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(detail | times),
        "Resources": [job.arn],
    }
    try:
        events_backends[account][region].put_events([entry])
    except Exception:  # noqa: BLE001 - a rule of the user's must not cost the job
        _LOG.exception("The event of transform job %s", job.transform_job_name)
