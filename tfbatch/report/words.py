"""Formats a run's figures as text: tiles, verdict, durations and prices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.report.facts import Facts

_MINUTE, _HOUR = 60, 3600
_SECOND = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """A figure at the top of the page."""

    value: str
    name: str
    more: str = ""


def tiles(facts: Facts) -> list[Tile]:
    """The known key figures."""
    summary, timeline = facts.summary, facts.timeline
    bad = summary["exceptions"] + summary["recordErrors"]
    found = [
        Tile(
            value=f"{summary['records']:,}",
            name="records",
            more=f"of {summary['inputs']:,} objects",
        ),
        Tile(value=f"{bad:,}", name="exceptions", more=_share(bad, summary)),
        Tile(value=seconds(summary["seconds"]), name="from start to end", more=_jobs(summary)),
    ]
    if summary.get("recordsPerSecond"):
        name, value = "records per second", f"{summary['recordsPerSecond']:,.3g}"
        found.append(Tile(value=value, name=name, more=_of_instance(facts.summary)))
    if (middle := timeline.percentile(0.5)) is not None:
        late = f"99 %: {wait(timeline.percentile(0.99) or 0)}"
        found.append(Tile(value=wait(middle), name="half of all requests", more=late))
    each = summary.get("usdPerThousand")
    thousand = f"{money(each)} for 1,000 records" if each is not None else "no price is known"
    found.append(Tile(value=money(summary.get("usd")), name="cost", more=thousand))
    return found


def _of_instance(summary: Mapping[str, Any]) -> str:
    """The rate of one instance, without the jobs' starts and ends."""
    rate = summary.get("instanceRate")
    if rate is None:
        return ""
    return f"{rate['recordsPerSecond']:,.3g} ± {rate['interval']:.0%} an instance at work"


def _share(bad: int, summary: Mapping[str, Any]) -> str:
    total = summary["records"] + summary["exceptions"]
    return f"{100 * bad / total:.2g} % of all" if bad and total else "nothing is missing"


def _jobs(summary: Mapping[str, Any]) -> str:
    jobs, rounds = summary["jobs"], summary["rounds"]
    return f"{_count(jobs, 'job')}, {_count(rounds, 'round')}"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def verdict(summary: Mapping[str, Any]) -> tuple[str, str]:
    """How it ended: ``good``, ``fair`` or ``bad``, and a sentence."""
    bad = summary["exceptions"] + summary["recordErrors"]
    if not summary["balanced"]:
        return "bad", "The accounts don't balance: outputs plus exceptions do not equal inputs."
    if not summary["withinLimit"]:
        return "bad", f"{_count(bad, 'exception')}, more than were accepted."
    if bad:
        return "fair", f"Every input is accounted for; {_count(bad, 'exception')}, named below."
    return "good", "Every record has its prediction."


def details(facts: Facts) -> list[tuple[str, str]]:
    """The request, and the locations of its results."""
    snapshot = facts.snapshot
    found = [("outputs", facts.folder)]
    if snapshot:
        found += [(str(name), str(value)) for name, value in snapshot.request.items()]
        found += [("started", f"{snapshot.started:%Y-%m-%d %H:%M:%S %Z}"), ("arn", snapshot.arn)]
    instances = facts.summary.get("instanceSeconds")
    if instances:
        found.append(("instances ran", f"{seconds(instances)} in all"))
    return found


def seconds(value: float) -> str:
    """``1 h 2 min``, ``3 min 4 s``, ``5.6 s``."""
    if value < _MINUTE:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(math.floor(value), _MINUTE)
    if value < _HOUR:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours:,} h {minutes} min"


def wait(milliseconds: int) -> str:
    """``45 ms``, ``1.4 s``."""
    return f"{milliseconds / 1000:.2g} s" if milliseconds >= _SECOND else f"{milliseconds} ms"


def money(usd: float | None) -> str:
    """``$1.23``; three digits below a cent."""
    if usd is None:
        return "unknown"
    return f"${usd:,.2f}" if usd >= 0.01 or not usd else f"${usd:.2g}"  # noqa: PLR2004
