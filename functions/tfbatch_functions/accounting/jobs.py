"""A transform job as the workflow reports it, and its cost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MILLISECONDS_FROM: Final = 1e11
"""Numbers above this are milliseconds; as seconds it would be the year 5138."""


def job_of(document: Mapping[str, Any], *, number: int) -> dict[str, Any]:
    """The facts about a round's job that are kept.

    Args:
        document: the event's ``job``; a job that never ran has no times.
        number: number of the round.
    """
    started, ended = moment(document.get("startedAt")), moment(document.get("endedAt"))
    seconds = (ended - started).total_seconds() if started and ended else 0.0
    return {
        "name": document["name"],
        "round": number,
        "status": document["status"],
        "reason": document.get("reason"),
        "instanceType": document["instanceType"],
        "instances": document["instances"],
        "seconds": seconds,
        "endedAt": ended.isoformat() if ended else None,
    }


def moment(value: str | float | None) -> datetime | None:
    """Parse a time: ISO text from SDK integrations, milliseconds from optimized ones."""
    return parse_moment(value) if value else None


def parse_moment(value: str | float) -> datetime:
    """Parse a time that is present."""
    if isinstance(value, str):
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS_FROM else value, UTC)


def instance_seconds(jobs: Iterable[Mapping[str, Any]]) -> float:
    """Billed seconds of all instances."""
    return float(sum(job["seconds"] * job["instances"] for job in jobs))


def usd(jobs: Iterable[Mapping[str, Any]], prices: Mapping[str, float | None]) -> float | None:
    """The cost in USD; ``None`` if an instance type has no hourly price."""
    total = 0.0
    for job in jobs:
        paid, price = job["seconds"] * job["instances"], prices.get(job["instanceType"])
        if paid and price is None:
            return None
        total += paid / 3600 * (price or 0.0)
    return total


def why_missing(job: Mapping[str, Any]) -> str:
    """The reason why an object has no output, from its job."""
    told = job.get("reason") or f"the job ended {job['status']} without an output for it"
    return f"{job['name']}: {told}"
