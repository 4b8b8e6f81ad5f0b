"""Estimates time and cost of a run on a number of instances."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_functions.planning.sharding import Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The event's ``fleet``."""

    instance_type: str
    instances: int | None
    """As requested; ``None`` lets the deadline decide."""
    max_instances: int
    usd_per_hour: float | None
    prices_of: str | None
    """The date of the price."""
    records_per_second: float
    """Of one instance."""
    throughput_from: str
    start_minutes: float
    """From a job's creation to its first record."""
    max_concurrency: int
    """Jobs at a time."""

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Parse the event."""
        return cls(
            instance_type=document["instanceType"],
            instances=document.get("instances"),
            max_instances=document["maxInstances"],
            usd_per_hour=document.get("usdPerHour"),
            prices_of=document.get("pricesOf"),
            records_per_second=document["recordsPerSecond"],
            throughput_from=document["throughputFrom"],
            start_minutes=document["startMinutes"],
            max_concurrency=document["maxConcurrency"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The amount of work."""

    shards: Sequence[Shard]
    records: int
    """Records in all objects."""
    by_bytes: bool
    """Whether records are divided among shards by bytes; otherwise by objects."""

    def shares(self) -> list[float]:
        """The records of each shard."""
        sizes = [shard.bytes if self.by_bytes else shard.objects for shard in self.shards]
        whole = sum(sizes)
        return [self.records * size / whole if whole else 0.0 for size in sizes]

    @property
    def widest(self) -> int:
        """The most objects of a shard. An instance without an object has no work."""
        return max(shard.objects for shard in self.shards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The estimate for a number of instances."""

    instances: int
    """Instances of each job."""
    minutes: float
    usd: float | None


def estimate(work: Work, fleet: Fleet, *, instances: int) -> Estimate:
    """Estimate the minutes until the last job ends, and the cost of all.

    Jobs start in the order of the shards, when one of ``max_concurrency`` places is free. An object
    belongs to one instance, so the instance with the most objects ends last. A job gets no more
    instances than objects.
    """
    free = [0.0] * min(fleet.max_concurrency, len(work.shards))
    paid = 0.0
    for shard, records in zip(work.shards, work.shares(), strict=True):
        busy = min(instances, shard.objects)
        slowest = records * math.ceil(shard.objects / busy) / shard.objects
        minutes = fleet.start_minutes + slowest / fleet.records_per_second / 60
        heapq.heapreplace(free, free[0] + minutes)
        paid += minutes * busy
    usd = None if fleet.usd_per_hour is None else paid / 60 * fleet.usd_per_hour
    return Estimate(instances=instances, minutes=max(free), usd=usd)


def sentence(found: Estimate, work: Work, fleet: Fleet) -> str:
    """The estimate in words, with the source of its throughput."""
    cost = "" if found.usd is None else f" and {found.usd:,.2f} USD"
    price = (
        f"; {fleet.instance_type} has no price here"
        if fleet.usd_per_hour is None
        else f" and {fleet.usd_per_hour:g} USD an hour (prices of {fleet.prices_of})"
    )
    return (
        f"About {math.ceil(found.minutes):,} minutes{cost} for {work.records:,} records in "
        f"{_plural(len(work.shards), 'job')} on {count(found.instances, fleet.instance_type)} "
        f"each, at {fleet.records_per_second:g} records/s an instance ({fleet.throughput_from}), "
        f"{fleet.start_minutes:g} minutes to start{price}."
    )


def count(instances: int, instance_type: str) -> str:
    """The number of instances in words."""
    return f"{instances} {instance_type}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
