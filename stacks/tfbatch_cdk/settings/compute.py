"""Settings of the transform jobs' instances: types, counts, limits, shards, retries and prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfbatch_cdk.errors import require
from tfbatch_cdk.settings import instance_types

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Compute:
    """The instances that transform jobs request."""

    instance_types: tuple[str, ...] = ("g4dn.xlarge", "g5.xlarge")
    """Tried in this order when capacity or quota is short, without the ``ml.`` prefix. They
    are those of ``TransformInstanceType`` in SageMaker's API, which has no p4, p5 or g7."""

    instances: int = 1
    """Instances of a job if its execution doesn't set a number. Instances never share an object."""

    max_instances: int = 4
    """The most instances that an execution may request or a deadline may require."""

    max_hours: int = 24
    """A job that runs longer is stopped: Batch Transform itself has no such limit."""

    patience_minutes: float = 15
    """How long DescribeTransformJob may fail before the job is stopped, and how long stopping may
    take."""

    max_jobs: int = 4
    """Transform jobs that one execution runs at a time, one per shard."""

    objects_per_shard: int = 50_000
    """The most objects of one transform job. Each job starts its own instances, which takes
    minutes: a shard should keep them busy for much longer."""

    gigabytes_per_shard: int = 50
    """The most bytes of one transform job, in GB (10^9)."""

    rounds: int = 3
    """How often inputs without an output are tried; the last round sends single records, one
    request at a time."""

    capacity_wait_minutes: int = 10
    """How long to wait when no instance type has capacity."""

    capacity_tries: int = 6
    """How often the whole list of instance types is tried before a shard fails."""

    records_per_second: float | None = None
    """Measured rate of one instance of the first type, for estimates. ``None``: the rate of the
    tuner or of the last run, else one by arithmetic from the instance's vCPUs and GPU, for
    photographs through ResNet-50."""

    usd_per_hour: Mapping[str, float] = field(default_factory=dict)
    """Prices by instance type; they override ``stacks/tfbatch_cdk/settings/prices.json``."""

    def __post_init__(self) -> None:
        """Refuse values that CreateTransformJob refuses."""
        require(bool(self.instance_types), self, "instance_types", "name at least one type")
        known = instance_types.of_transform()
        for name in self.instance_types:
            remedy = instance_types.remedy(name, known, "Batch Transform")
            require(name in known, self, "instance_types", remedy)
        require(1 <= self.max_instances <= 100, self, "max_instances", "use 1 to 100")  # noqa: PLR2004
        require(
            1 <= self.instances <= self.max_instances,
            self,
            "instances",
            f"use 1 to max_instances = {self.max_instances}",
        )
        require(1 <= self.max_hours <= 24 * 30, self, "max_hours", "use 1 to 720 hours")
        require(self.patience_minutes > 0, self, "patience_minutes", "use more than 0")
        require(1 <= self.max_jobs <= 1000, self, "max_jobs", "use 1 to 1000")  # noqa: PLR2004
        for name in ("objects_per_shard", "gigabytes_per_shard", "rounds", "capacity_tries"):
            require(getattr(self, name) >= 1, self, name, "use 1 or more")
        require(self.capacity_wait_minutes >= 0, self, "capacity_wait_minutes", "use 0 or more")
        measured = self.records_per_second is None or self.records_per_second > 0
        require(measured, self, "records_per_second", "use a measured rate, or None")
