"""A transform job as the workflow reports it, and its cost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MILLISECONDS_FROM: Final = 1e11
"""As seconds this is the year 5138."""


def job_of(document: Mapping[str, Any], *, number: int) -> dict[str, Any]:
    """What is kept of the job of a round.

    Args:
        document: the event's ``job``; one that never ran has no times.
        number: of the round.
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
    """A time as the SDK integrations give it: ISO text, or the optimized ones' milliseconds."""
    return parse_moment(value) if value else None


def parse_moment(value: str | float) -> datetime:
    """A time that is there."""
    if isinstance(value, str):
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS_FROM else value, UTC)


def instance_seconds(jobs: Iterable[Mapping[str, Any]]) -> float:
    """What is paid for."""
    return float(sum(job["seconds"] * job["instances"] for job in jobs))


def usd(jobs: Iterable[Mapping[str, Any]], prices: Mapping[str, float | None]) -> float | None:
    """What they cost; ``None`` when a type that ran has no hourly price."""
    total = 0.0
    for job in jobs:
        paid, price = job["seconds"] * job["instances"], prices.get(job["instanceType"])
        if paid and price is None:
            return None
        total += paid / 3600 * (price or 0.0)
    return total


def why_missing(job: Mapping[str, Any]) -> str:
    """The reason an object of a job has no output, as far as the job tells it."""
    told = job.get("reason") or f"the job ended {job['status']} without an output for it"
    return f"{job['name']}: {told}"
