"""What a run needs: payload, concurrency, instances, minutes, dollars; and what passes a limit."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from tfbatch_functions.refusals import (
    BudgetExceeded,
    DeadlineImpossible,
    ObjectTooLarge,
    TooManyInstances,
)
from tfbatch_functions.sampling import UNSPLIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_functions.location import Location
    from tfbatch_functions.sharding import Shard, Totals

_MEBIBYTE: Final = 1024 * 1024
LARGEST_PAYLOAD_MB: Final = 100
"""Of MaxPayloadInMB, and of its product with MaxConcurrentTransforms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The event's ``fleet``."""

    instance_type: str
    instances: int | None
    """As requested; ``None`` leaves it to the deadline."""
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
        """From the event."""
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
    """What there is to do."""

    shards: Sequence[Shard]
    records: int
    """In all of them."""
    by_bytes: bool
    """A shard has as many of the records as it has of the bytes; else, of the objects."""

    def shares(self) -> list[float]:
        """The records of each shard."""
        sizes = [shard.bytes if self.by_bytes else shard.objects for shard in self.shards]
        whole = sum(sizes)
        return [self.records * size / whole if whole else 0.0 for size in sizes]

    @property
    def widest(self) -> int:
        """The most objects of a shard: an instance without one has nothing to do."""
        return max(shard.objects for shard in self.shards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a number of instances comes to."""

    instances: int
    """Of each job."""
    minutes: float
    usd: float | None


def payload(
    totals: Totals, *, split: str, prefix: Location, max_payload_mb: int, max_concurrent: int
) -> tuple[int, int]:
    """``MaxPayloadInMB`` and ``MaxConcurrentTransforms``.

    An object that is not split goes out as one request, which must hold the largest; their product
    may not pass 100 MB. A record's size is not known before it is read: the settings stand.

    Raises:
        ObjectTooLarge: 100 MB don't hold it.
    """
    if split != UNSPLIT:
        return max_payload_mb, max_concurrent
    needed = max(math.ceil(totals.largest_bytes / _MEBIBYTE), max_payload_mb)
    if needed > LARGEST_PAYLOAD_MB:
        raise ObjectTooLarge(
            f"{(prefix / totals.largest_key).uri} has {totals.largest_bytes} bytes, and Batch "
            f"Transform sends at most {LARGEST_PAYLOAD_MB} MB at a time: make it smaller, move it "
            "out of the input, or use a format whose objects are split into records."
        )
    return needed, min(max_concurrent, LARGEST_PAYLOAD_MB // needed)


def estimate(work: Work, fleet: Fleet, *, instances: int) -> Estimate:
    """The minutes until the last job ends, and the dollars of all.

    Jobs begin in the order of the shards, each as soon as one of ``max_concurrency`` places is
    free. Objects are dealt to a job's instances, none is shared; the one with the most objects is
    the last to end. An instance for which there is none is not asked for.
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


def choose(work: Work, fleet: Fleet, *, deadline_minutes: float | None) -> Estimate:
    """As many instances as requested, else as few as meet the deadline, else one.

    Raises:
        TooManyInstances: the request passes the stage's limit.
        DeadlineImpossible: no number within the limit is enough.
    """
    if fleet.instances is not None and fleet.instances > fleet.max_instances:
        raise TooManyInstances(
            f"instances = {fleet.instances}: this stage admits {fleet.max_instances}. Ask for "
            "fewer, or raise Compute.max_instances (and the account's quota) and deploy."
        )
    most = min(fleet.max_instances, work.widest)
    numbers = range(1, most + 1) if fleet.instances is None else [min(fleet.instances, most)]
    found = None
    for instances in numbers:
        found = estimate(work, fleet, instances=instances)
        if deadline_minutes is None or found.minutes <= deadline_minutes:
            return found
    raise DeadlineImpossible(_late(found, fleet, deadline_minutes))


def _late(best: Estimate | None, fleet: Fleet, deadline_minutes: float | None) -> str:
    minutes = math.ceil(best.minutes) if best else 0
    count = best.instances if best else 0
    remedy = (
        "raise Compute.max_instances (more don't help where there are as few objects)"
        if fleet.instances is None
        else "ask for more instances"
    )
    return (
        f"deadline_minutes = {deadline_minutes}: {_count(count, fleet.instance_type)} in each job "
        f"need about {minutes} minutes. Give it {minutes} minutes, or {remedy}."
    )


def check_budget(found: Estimate, fleet: Fleet, sentence: str, budget_usd: float | None) -> None:
    """Refuse what would cost more than it may.

    Raises:
        BudgetExceeded: it would, or nobody knows.
    """
    if budget_usd is None:
        return
    if found.usd is None:
        raise BudgetExceeded(
            f"budget_usd = {budget_usd}: there is no price for {fleet.instance_type} to hold it "
            "against. Add one to the stage's prices and deploy, or leave the budget out."
        )
    if found.usd > budget_usd:
        raise BudgetExceeded(
            f"budget_usd = {budget_usd}: {sentence} Raise the budget to "
            f"{math.ceil(found.usd * 100) / 100:.2f}, or send fewer objects."
        )


def sentence(found: Estimate, work: Work, fleet: Fleet) -> str:
    """The estimate in words, with what it rests on."""
    cost = "" if found.usd is None else f" and {found.usd:,.2f} USD"
    price = (
        f"; {fleet.instance_type} has no price here"
        if fleet.usd_per_hour is None
        else f" and {fleet.usd_per_hour:g} USD an hour (prices of {fleet.prices_of})"
    )
    return (
        f"About {math.ceil(found.minutes):,} minutes{cost} for {work.records:,} records in "
        f"{_plural(len(work.shards), 'job')} on {_count(found.instances, fleet.instance_type)} "
        f"each, at {fleet.records_per_second:g} records/s an instance ({fleet.throughput_from}), "
        f"{fleet.start_minutes:g} minutes to start{price}."
    )


def _count(instances: int, instance_type: str) -> str:
    return f"{instances} {instance_type}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
