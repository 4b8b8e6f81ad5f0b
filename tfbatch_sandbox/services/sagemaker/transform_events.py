"""Sends an EventBridge event for every status change of a transform job."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import TYPE_CHECKING

from moto.events.models import events_backends

from tfbatch_sandbox.services.sagemaker import transform_views

if TYPE_CHECKING:
    from tfbatch_sandbox.services.sagemaker.transform_job import TransformJob

_LOG = logging.getLogger(__name__)
SOURCE = "aws.sagemaker"
DETAIL_TYPE = "SageMaker Transform Job State Change"


def publish(job: TransformJob) -> None:
    """Send the job's state. Times in these events are milliseconds since 1970."""
    region, account = job.arn.split(":")[3:5]
    detail = {"TransformJobName": job.transform_job_name} | transform_views.describe(job)
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
