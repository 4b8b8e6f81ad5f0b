"""Runs trials as transform jobs and measures them from their containers' logs."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tfbatch.report.timeline import Timeline
from tfbatch.terminal.problem import Problem
from tfbatch.tune.trial import Trial
from tfbatch_functions.throughput.rate import steady_rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient

    from tfbatch.tune.trial import Knobs

_ENDED = {"Completed", "Failed", "Stopped"}
_LOG_LAG_SECONDS = 60.0
_MOST_JOBS = 4
"""With the same settings."""


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
    within: float
    """A rate is certain if half of its 95 % confidence interval is at most this share of it."""
    _count: int = field(default=0)

    def measure(self, knobs: Knobs) -> Trial:
        """Run jobs with the same settings until their rate is certain.

        Raises:
            Problem: it isn't after ``_MOST_JOBS``.
        """
        timelines: list[Timeline] = []
        usd: list[float | None] = []
        while len(timelines) < _MOST_JOBS:
            job, described = self._run(knobs)
            timelines.append(self._timeline(job))
            usd.append(self._usd(described))
            rate = steady_rate(
                [sorted(one.answers) for one in timelines], in_flight=knobs.concurrency
            )
            trial = Trial(
                knobs=knobs,
                rate=rate.records_per_second if rate else 0.0,
                interval=rate.interval if rate else math.inf,
                jobs=len(timelines),
                latency_ms=timelines[-1].percentile(0.5),
                records=sum(one.records.total() for one in timelines),
                usd=None if None in usd else sum(filter(None, usd)),
                job=job,
            )
            if described["TransformJobStatus"] != "Completed":
                problem = described.get("FailureReason") or described["TransformJobStatus"]
                return replace(trial, rate=0.0, interval=0.0, problem=problem)
            if trial.interval <= self.within:
                return trial
        raise Problem(_too_few(trial, within=self.within))

    def _run(self, knobs: Knobs) -> tuple[str, Mapping[str, Any]]:
        """Run a job to its end. If interrupted, stop it."""
        self._count += 1
        job = f"{self.name}-{self._count:02}"
        self.sagemaker.create_transform_job(**self.request(job, knobs))
        try:
            return job, self._wait(job)
        except BaseException:
            self.sagemaker.stop_transform_job(TransformJobName=job)
            raise

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


def _too_few(trial: Trial, *, within: float) -> str:
    """Say that a rate is uncertain, and how many records would make it certain."""
    each = trial.records / trial.jobs
    head = f"Too few records to tell: {trial.knobs}, {trial.jobs} jobs of {each:,.0f} records"
    if math.isinf(trial.interval):
        more = f"{trial.knobs.concurrency} requests at a time leave nothing between the ramps"
        return f"{head}; {more}. Nothing is written. Use more --objects, or a lower --most."
    needed = trial.records * (trial.interval / within) ** 2
    return (
        f"{head} gave {trial.rate:,.3g} records/s ± {trial.interval:.0%}, where ± {within:.0%} is "
        f"needed. Nothing is written. Use --objects so that a job has {needed:,.2g} records or "
        "more, an idle machine, or a larger --within."
    )
