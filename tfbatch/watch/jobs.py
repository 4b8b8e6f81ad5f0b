"""The transform jobs of an execution: their state, progress and cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tfbatch.aws.job_log import JobLog
from tfbatch.terminal.progress import RecordCount
from tfbatch.watch.snapshot import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeTransformJobResponseTypeDef

_ENDED = {"Completed", "Failed", "Stopped"}
_LOG_LAG_SECONDS = 5.0
"""Lines of a job's log may come this long after its end."""
_CLOCKS_SECONDS = 300.0
"""Maximum difference between the clocks of this machine and AWS."""


@dataclass(kw_only=True, slots=True)
class _Watched:
    """A job and its log as far as read."""

    shard: str
    attempt: int
    count: RecordCount
    described: DescribeTransformJobResponseTypeDef | None = None
    is_settled: bool = False
    """Whether nothing more will come."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Jobs:
    """All jobs of an execution. Each poll asks only about those that may have changed."""

    sagemaker: SageMakerClient
    logs: CloudWatchLogsClient
    prefix: str
    """Start of their names."""
    started: datetime
    """Start of the execution."""
    usd_per_hour: Mapping[str, float]
    _watched: dict[str, _Watched] = field(default_factory=dict)

    def look(self) -> tuple[Job, ...]:
        """Return them in the order of shards and attempts."""
        for name in self._found():
            if name not in self._watched and name.startswith(self.prefix):
                shard, _, attempt = name.removeprefix(self.prefix).partition("-")
                count = RecordCount(log=JobLog(logs=self.logs, job=name))
                self._watched[name] = _Watched(shard=shard, attempt=int(attempt), count=count)
        jobs = [self._job(name, watched) for name, watched in self._watched.items()]
        return tuple(sorted(jobs, key=lambda job: (job.shard, job.attempt)))

    def _found(self) -> Iterator[str]:
        pages = self.sagemaker.get_paginator("list_transform_jobs").paginate(
            NameContains=self.prefix,
            CreationTimeAfter=datetime.fromtimestamp(
                self.started.timestamp() - _CLOCKS_SECONDS, UTC
            ),
        )
        for page in pages:
            yield from (job["TransformJobName"] for job in page["TransformJobSummaries"])

    def _job(self, name: str, watched: _Watched) -> Job:
        if not watched.is_settled:
            watched.described = self.sagemaker.describe_transform_job(TransformJobName=name)
            watched.count.update()
        assert watched.described is not None  # noqa: S101 # described when it was not settled
        described, now = watched.described, datetime.now(UTC)
        status = described["TransformJobStatus"]
        began, ended = described.get("TransformStartTime"), described.get("TransformEndTime")
        watched.is_settled = status in _ENDED and (
            ended is None or (now - ended).total_seconds() > _LOG_LAG_SECONDS
        )
        seconds = max(((ended or now) - began).total_seconds(), 0.0) if began else 0.0
        resources: Mapping[str, Any] = described["TransformResources"]
        price = self.usd_per_hour.get(resources["InstanceType"])
        return Job(
            name=name,
            shard=watched.shard,
            attempt=watched.attempt,
            status="Starting" if status == "InProgress" and not began else status,
            instance_type=resources["InstanceType"],
            instances=resources["InstanceCount"],
            seconds=seconds,
            records=watched.count.records,
            errors=watched.count.errors,
            record_seconds=watched.count.seconds,
            usd=None if price is None else seconds * resources["InstanceCount"] * price / 3600,
            reason=described.get("FailureReason"),
        )
