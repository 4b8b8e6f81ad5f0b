"""Formats numbers, sizes and durations for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tfbatch.watch.snapshot import Job, Shard, Snapshot

_MINUTE, _HOUR = 60, 3600
_CENT = 0.01


def duration(seconds: float) -> str:
    """``9.4 s``, ``3 min 12 s``, ``2 h 5 min``."""
    if seconds < _MINUTE:
        has_tenths = seconds < 10 and seconds != int(seconds)  # noqa: PLR2004 # two digits
        return f"{seconds:.1f} s" if has_tenths else f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def money(usd: float | None) -> str:
    """``12.34 USD``; below a cent the first two digits."""
    if usd is None:
        return "no price known"
    return f"{usd:,.2f} USD" if usd >= _CENT or not usd else f"{usd:.2g} USD"


def count(number: int, noun: str) -> str:
    """``1 record``, ``2,000 records``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(number: float) -> str:
    """Bytes in decimal units: ``75.2 kB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:  # noqa: PLR2004 # decimal units
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def estimate(plan: Mapping[str, Any]) -> str:
    """A plan's estimate: objects, minutes, USD."""
    about = "" if plan["recordsAre"] == "counted" else "about "
    return (
        f"{count(plan['objects'], 'object')} ({size(plan['bytes'])}), "
        f"{about}{count(plan['records'], 'record')}, {count(plan['shards'], 'job')}: "
        f"about {count(math.ceil(plan['estimatedMinutes']), 'minute')}, "
        f"{money(plan['estimatedUsd'])}"
    )


def job(found: Job | None) -> str:
    """The state of a job before it has records."""
    if found is None:
        return "waits for a place"
    if found.is_running and not found.records:
        return "starting the container" if found.status == "Starting" else "loading the model"
    return found.status.lower()


def machines(found: Job) -> str:
    """``2 ml.g5.xlarge``."""
    return f"{found.instances} {found.instance_type}"


def shard(found: Shard) -> str:
    """The progress of a shard: ``4 of 12 records · 2.0 records/s · 4 s left``."""
    if not found.records:
        return "no record" if found.is_done else job(found.job)
    rate = found.job.records_per_second if found.job else 0.0
    left = found.seconds_left
    parts = [
        f"{found.records:,} of {count(found.total, 'record')}",
        f"{rate:,.1f} records/s" if rate else "",
        f"{duration(math.ceil(left))} left" if left and not found.is_done else "",
    ]
    return " · ".join(filter(None, parts))


def totals(snapshot: Snapshot) -> str:
    """The whole run: records, exceptions, instances, cost, time."""
    parts = [
        f"{snapshot.records:,} of {count(snapshot.total or 0, 'record')}",
        f"{snapshot.records_per_second:,.1f} records/s" if snapshot.records_per_second else "",
        count(snapshot.instances, "instance") if snapshot.instances else "",
        count(snapshot.exceptions, "exception"),
        f"{money(snapshot.usd)} so far" if snapshot.is_running else money(snapshot.usd),
        f"{duration(snapshot.seconds)} elapsed",
        "" if snapshot.seconds_left is None else f"about {duration(snapshot.seconds_left)} left",
    ]
    return " · ".join(filter(None, parts))
