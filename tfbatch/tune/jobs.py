"""Runs trials as transform jobs and measures them from their containers' logs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfbatch.report.timeline import Timeline
from tfbatch.tune.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient

    from tfbatch.tune.trial import Knobs

_ENDED = {"Completed", "Failed", "Stopped"}
_LOG_LAG_SECONDS = 60.0
_WARM_UP = 0.1
"""The share of the records that isn't timed, for warm-up."""


@dataclass(kw_only=True, slots=True)
class Jobs:
    """What all trials have in common."""

    sagemaker: SageMakerClient
    logs: CloudWatchLogsClient
    name: str
    """Start of the jobs' names."""
    model: str
    """Name of the SageMaker Model."""
    format: Mapping[str, Any]
    """As in the deployed workflow."""
    manifest: str
    output: str
    """``s3://bucket/folder/`` for the trials' outputs."""
    resources: Mapping[str, Any]
    """``TransformResources``."""
    environment: Mapping[str, str]
    """Variables of the workflow's jobs on this instance. A trial's own override them."""
    usd_per_hour: float | None
    poll_seconds: float
    _count: int = field(default=0)

    def measure(self, knobs: Knobs) -> Trial:
        """Run a trial to its end. If interrupted, stop its job."""
        self._count += 1
        job = f"{self.name}-{self._count:02}"
        self.sagemaker.create_transform_job(**self.request(job, knobs))
        try:
            described = self._wait(job)
        except BaseException:
            self.sagemaker.stop_transform_job(TransformJobName=job)
            raise
        timeline = self._timeline(job)
        problem = ""
        if described["TransformJobStatus"] != "Completed":
            problem = described.get("FailureReason") or described["TransformJobStatus"]
        return Trial(
            knobs=knobs,
            rate=0.0 if problem else steady_rate(timeline),
            latency_ms=timeline.percentile(0.5),
            records=timeline.records.total(),
            usd=self._usd(described),
            job=job,
            problem=problem,
        )

    def request(self, job: str, knobs: Knobs) -> dict[str, Any]:
        """The request, as the workflow makes it; see ``tfbatch_cdk.workflow.shard_expressions``."""
        return {
            **self.format["more"],
            "TransformJobName": job,
            "ModelName": self.model,
            "BatchStrategy": self.format["batchStrategy"],
            "MaxConcurrentTransforms": knobs.concurrency,
            "MaxPayloadInMB": knobs.payload_mb,
            "Environment": {**self.environment, **knobs.environment()},
            "TransformInput": {
                "ContentType": self.format["contentType"],
                "SplitType": self.format["splitType"],
                "DataSource": {
                    "S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": self.manifest}
                },
            },
            "TransformOutput": {
                **self.format["output"],
                "S3OutputPath": f"{self.output}{job}/",
                "AssembleWith": "Line",
            },
            "TransformResources": dict(self.resources),
            "Tags": [{"Key": "tfbatch:tune", "Value": self.name}],
        }

    def _wait(self, job: str) -> Mapping[str, Any]:
        while True:
            found = self.sagemaker.describe_transform_job(TransformJobName=job)
            if found["TransformJobStatus"] in _ENDED:
                return dict(found)
            time.sleep(self.poll_seconds)

    def _timeline(self, job: str) -> Timeline:
        """The counts of its containers, read until no more come, because they are late."""
        deadline = time.monotonic() + _LOG_LAG_SECONDS
        found = Timeline.read(self.logs, [job])
        while time.monotonic() < deadline:
            time.sleep(self.poll_seconds)
            again = Timeline.read(self.logs, [job])
            if again.records and again.records == found.records:
                break
            found = again
        return found

    def _usd(self, described: Mapping[str, Any]) -> float | None:
        began, ended = described.get("TransformStartTime"), described.get("TransformEndTime")
        if not began or not ended or self.usd_per_hour is None:
            return None
        seconds: float = (ended - began).total_seconds()
        instances: int = self.resources["InstanceCount"]
        return seconds * instances * self.usd_per_hour / 3600


def steady_rate(timeline: Timeline) -> float:
    """Records per second after the first tenth.

    A line of counts is for the second before it. If there are too few lines, all are used.
    """
    total = timeline.records.total()
    if not total:
        return 0.0
    passed = 0
    seconds = sorted(timeline.records)
    for second in seconds:
        passed += timeline.records[second]
        if passed >= _WARM_UP * total:
            break
    if second == seconds[-1]:
        return total / (seconds[-1] - seconds[0] + 1)
    return (total - passed) / (seconds[-1] - second)
