"""The state of an execution at one poll."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

RUNNING = frozenset({"RUNNING", "PENDING_REDRIVE"})
SUCCEEDED = "SUCCEEDED"


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A state of the workflow that does something."""

    name: str
    status: str
    """``waiting``, ``running``, ``done`` or ``failed``."""
    seconds: float | None = None
    """Duration, until now if it is running."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A transform job."""

    name: str
    shard: str
    attempt: int
    status: str
    """SageMaker's status; ``Starting`` until its instances take records."""
    instance_type: str
    instances: int
    seconds: float
    """Billed seconds of its instances, from their start to their end or to now."""
    records: int
    """Records answered, from its containers' logs."""
    errors: int
    """Records that became an error line."""
    record_seconds: float
    """From the first record to the last."""
    usd: float | None
    """Cost so far; ``None`` without a price for its instances."""
    reason: str | None = None
    """Why it failed."""

    @property
    def is_running(self) -> bool:
        """Whether it hasn't ended."""
        return self.status in {"Starting", "InProgress", "Stopping"}

    @property
    def records_per_second(self) -> float:
        """The mean so far."""
        return self.records / self.record_seconds if self.record_seconds else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """A part of the run: its jobs and its records."""

    name: str
    total: int
    """Planned records, or an estimate."""
    records: int
    exceptions: int
    is_done: bool
    """Whether all inputs are accounted for."""
    job: Job | None = None
    """The newest job."""

    @property
    def seconds_left(self) -> float | None:
        """From its job's speed; ``None`` before the first record."""
        rate = self.job.records_per_second if self.job else 0.0
        return (self.total - self.records) / rate if rate else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The state of an execution."""

    name: str
    arn: str
    status: str
    """Step Functions' status."""
    started: datetime
    seconds: float
    """Since its start, or to its end."""
    request: Mapping[str, Any]
    states: tuple[State, ...] = ()
    plan: Mapping[str, Any] | None = None
    shards: tuple[Shard, ...] = ()
    jobs: tuple[Job, ...] = ()
    report: Mapping[str, Any] | None = None
    """The output of a successful execution."""
    error: str | None = None
    cause: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is running."""
        return self.status in RUNNING

    @property
    def summary(self) -> Mapping[str, Any] | None:
        """The counts of all inputs."""
        return self.report.get("summary") if self.report else None

    @property
    def records(self) -> int:
        """Records answered so far."""
        return sum(shard.records for shard in self.shards)

    @property
    def total(self) -> int | None:
        """As planned, or as found if that was an estimate; ``None`` before the plan."""
        if not self.plan:
            return None
        is_known = self.plan["shards"] == sum(shard.is_done for shard in self.shards)
        return self.records if is_known else max(int(self.plan["records"]), self.records)

    @property
    def exceptions(self) -> int:
        """Records with an error and objects without an output, so far."""
        return sum(shard.exceptions for shard in self.shards)

    @property
    def usd(self) -> float | None:
        """Cost so far; ``None`` if an instance type has no price."""
        known = [job.usd for job in self.jobs if job.usd is not None]
        return sum(known) if len(known) == len(self.jobs) else None

    @property
    def instances(self) -> int:
        """Running instances."""
        return sum(job.instances for job in self.jobs if job.is_running)

    @property
    def records_per_second(self) -> float:
        """Of the running jobs."""
        return sum(job.records_per_second for job in self.jobs if job.is_running)

    @property
    def seconds_left(self) -> float | None:
        """From the speed so far, or from the plan; ``None`` if unknown."""
        if not self.is_running or not self.plan:
            return None
        if not self.records:
            left = float(self.plan["estimatedMinutes"]) * 60 - self.seconds
            return left if left > 0 else None
        going = [shard for shard in self.shards if not shard.is_done]
        if going and all(shard.seconds_left is not None for shard in going):
            return max(shard.seconds_left or 0.0 for shard in going)  # they run in parallel
        missing = sum(shard.total - shard.records for shard in going)
        return missing / self.records_per_second if self.records_per_second else None

    def document(self) -> dict[str, Any]:
        """Return it in JSON types, for ``--json``."""
        return {
            "execution": self.name,
            "arn": self.arn,
            "status": self.status,
            "seconds": round(self.seconds, 1),
            "records": self.records,
            "recordsPlanned": self.total,
            "recordsPerSecond": round(self.records_per_second, 2),
            "exceptions": self.exceptions,
            "instances": self.instances,
            "usd": None if self.usd is None else round(self.usd, 4),
            "secondsLeft": None if self.seconds_left is None else round(self.seconds_left),
            "states": {state.name: state.status for state in self.states},
            "jobs": [
                {
                    "name": job.name,
                    "status": job.status,
                    "instanceType": job.instance_type,
                    "instances": job.instances,
                    "records": job.records,
                    "reason": job.reason,
                }
                for job in self.jobs
            ],
        }
