"""Explains from the measurements why more concurrency stops helping."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.tune.sweep import Found
    from tfbatch.tune.trial import Trial


def explain(found: Found, *, most: int) -> list[str]:
    """Explain the result in a few sentences.

    Args:
        found: result of the search.
        most: the highest allowed concurrency.
    """
    return [*_concurrency(found, most=most), *_others(found)]


def _concurrency(found: Found, *, most: int) -> Iterator[str]:
    trials = [trial for trial in found.concurrency if trial.rate]
    first, last, knee = trials[0], trials[-1], found.knee
    if knee is not first:
        yield (
            f"From {first.knobs.concurrency} to {knee.knobs.concurrency} requests at a time the "
            f"rate rose from {first.rate:,.3g} to {knee.rate:,.3g} records/s: the instance was "
            "idle between requests."
        )
    if knee is last:
        yield (
            f"The rate still rose at {last.knobs.concurrency}, the most that was tried: a higher "
            f"--most than {most}, or a smaller payload (concurrency x payload may not pass "
            "100 MB), may bring more."
        )
        return
    yield (
        f"The knee is at {knee.knobs.concurrency}. With {last.knobs.concurrency} at a time it does "
        f"{last.rate:,.3g} records/s, {_waits(knee, last)}: what is more waits in line for the "
        "model or for the handler's process, and takes memory for its payload."
    )


def _waits(knee: Trial, last: Trial) -> str:
    if knee.latency_ms and last.latency_ms:
        return f"and half of the requests take {last.latency_ms} ms in place of {knee.latency_ms}"
    expected = last.knobs.concurrency / knee.knobs.concurrency * knee.rate / last.rate
    return f"and each request takes {expected:,.2g} times as long"


def _others(found: Found) -> Iterator[str]:
    if not found.others:
        return
    if found.best is found.knee:
        yield "Batching, its time-out and more workers brought no more than 5 %: left as they are."
        return
    gain = found.best.rate / found.knee.rate - 1
    yield f"Best settings: {found.best.knobs}, {found.best.rate:,.4g} records/s ({gain:+.0%})."
