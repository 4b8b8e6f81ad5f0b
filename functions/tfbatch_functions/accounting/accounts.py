"""Adds up the results of the shards."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tfbatch_functions.accounting import jobs as fleet
from tfbatch_functions.accounting.jobs import parse_moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Document = dict[str, Any]


def summarize(  # noqa: PLR0913 # what it is made of, each by its name
    results: Sequence[Document],
    *,
    jobs: Sequence[Document],
    instance_rate: Mapping[str, Any] | None,
    run: Mapping[str, Any],
    plan: Mapping[str, Any],
    prices: Mapping[str, float | None],
    prices_of: str | None,
    max_exceptions: float | None,
) -> Document:
    """Compute the summary of a run.

    Args:
        results: results of its shards.
        jobs: all their jobs.
        instance_rate: see :func:`tfbatch_functions.throughput.measured.of_run`.
        run: the event's ``run``.
        plan: the plan of the run.
        prices: USD an hour, by instance type.
        prices_of: date and source of the prices.
        max_exceptions: how many exceptions are accepted; below 1, a share of all records.
    """
    summary = {
        "inputs": plan["objects"],
        "outputs": _sum(results, "outputs"),
        "exceptions": _sum(results, "exceptions"),
        "recordErrors": _sum(results, "recordErrors"),
        "records": _sum(results, "records"),
        "rounds": max((result["rounds"] for result in results), default=0),
        "jobs": len(jobs),
        **_rates(_sum(results, "records"), jobs, run=run, prices=prices),
        "instanceRate": instance_rate,
        "pricesOf": prices_of,
    }
    summary["balanced"] = summary["outputs"] + summary["exceptions"] == summary["inputs"]
    summary["withinLimit"] = _is_within(summary, max_exceptions)
    summary["text"] = words(summary, run=run)
    return summary


def _rates(
    records: int,
    jobs: Sequence[Document],
    *,
    run: Mapping[str, Any],
    prices: Mapping[str, float | None],
) -> Document:
    seconds, paid = _seconds(jobs, run["started"]), fleet.instance_seconds(jobs)
    usd = fleet.usd(jobs, prices)
    return {
        "seconds": round(seconds, 1),
        "recordsPerSecond": _short(records / seconds) if seconds else None,
        "instanceSeconds": round(paid, 1),
        "recordsPerInstanceSecond": _short(records / paid) if paid else None,
        "usd": None if usd is None else round(usd, 4),
        "usdPerThousand": _short(usd / records * 1000) if usd is not None and records else None,
    }


def _seconds(jobs: Sequence[Document], started: str) -> float:
    """Seconds from the start of the run to the end of its last job."""
    ends = [datetime.fromisoformat(job["endedAt"]) for job in jobs if job["endedAt"]]
    return max((max(ends) - parse_moment(started)).total_seconds(), 0.0) if ends else 0.0


def _short(rate: float) -> float:
    """Round to four significant digits."""
    return float(f"{rate:.4g}")


def _sum(results: Sequence[Document], field: str) -> int:
    return sum(result[field] for result in results)


def _is_within(summary: Document, max_exceptions: float | None) -> bool:
    """Whether exceptions are within the limit. An object without an output counts as one."""
    if max_exceptions is None:
        return True
    count = summary["exceptions"] + summary["recordErrors"]
    share = max_exceptions < 1
    return bool(
        count <= max_exceptions * (summary["records"] + summary["exceptions"])
        if share
        else count <= max_exceptions
    )


def words(summary: Document, *, run: Mapping[str, Any]) -> str:
    """The result of a run in a few sentences."""
    predicted = summary["records"] - summary["recordErrors"]
    head = (
        f"{predicted:,} of {_count(summary['records'], 'record')} under {run['input']} "
        f"{'is' if predicted == 1 else 'are'} predicted; {summary['outputs']:,} of "
        f"{_objects(summary['inputs'])} {'has' if summary['outputs'] == 1 else 'have'} an output "
        f"in {run['output']}."
    )
    return " ".join([head, *_exceptions(summary), *_unbalanced(summary), *_cost(summary)])


def _exceptions(summary: Document) -> list[str]:
    named = [
        f"{_objects(summary['exceptions'])} without an output" if summary["exceptions"] else "",
        _count(summary["recordErrors"], "record") + " with an error"
        if summary["recordErrors"]
        else "",
    ]
    told = " and ".join(filter(None, named))
    return [f"exceptions.jsonl names {told}, each with its reason."] if told else []


def _unbalanced(summary: Document) -> list[str]:
    if summary["balanced"]:
        return []
    known = summary["outputs"] + summary["exceptions"]
    there = _objects(summary["inputs"])
    return [f"THE ACCOUNTS DON'T BALANCE: outputs and exceptions make {known:,} of {there}."]


def _cost(summary: Document) -> list[str]:
    if not summary["instanceSeconds"]:
        return ["No job ran."]
    rate = f", {summary['recordsPerSecond']:,g} records/s" if summary["recordsPerSecond"] else ""
    usd = summary["usd"]
    dated = f" (prices of {summary['pricesOf']})" if summary["pricesOf"] else ""
    money = "no price is known for its instances" if usd is None else f"{usd:,.2f} USD{dated}"
    each = summary["usdPerThousand"]
    return [
        f"It took {_minutes(summary['seconds'])}{rate}, in {_count(summary['jobs'], 'job')} and "
        f"{_count(summary['rounds'], 'round')}; {money}"
        + (f", {each:.4g} USD per 1,000 records." if each is not None else ".")
    ]


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"


def _objects(count: int) -> str:
    return _count(count, "object")


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
