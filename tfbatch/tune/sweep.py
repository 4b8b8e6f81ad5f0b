"""Searches for the fastest settings: one setting at a time, from the best so far.

Concurrency is doubled, as in AWS's article, until two doublings bring nothing. Then batching, its
time-out and the workers are varied around the best.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tfbatch.tune.trial import Knobs, Trial

WORTH_IT = 1.05
"""A smaller gain is noise: short jobs on one machine differ by some percent."""
BATCH_SIZES = (4, 8, 16, 32)
TIMEOUTS_MICROS = (5_000, 20_000, 50_000)
WORKERS = (2, 4)
_LARGEST_PRODUCT_MB = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The result of a search."""

    concurrency: tuple[Trial, ...]
    """The trials of the first sweep, by concurrency."""
    others: tuple[Trial, ...]
    """The trials around the best."""
    best: Trial

    @property
    def knee(self) -> Trial:
        """The lowest concurrency after which more brings almost nothing."""
        return knee(self.concurrency)


def knee(trials: Sequence[Trial]) -> Trial:
    """The first trial that no later one beats clearly."""
    most = max(trial.rate for trial in trials)
    return next(trial for trial in trials if trial.rate * WORTH_IT >= most)


def search(
    measure: Callable[[Knobs], Trial], start: Knobs, *, most: int, thorough: bool
) -> Found | None:
    """Try settings until none is better.

    Args:
        measure: runs a trial.
        start: the first settings; its concurrency isn't used.
        most: the highest concurrency.
        thorough: whether to continue after the concurrency.

    Returns:
        ``None`` if every trial failed.
    """
    limit = min(most, _LARGEST_PRODUCT_MB // start.payload_mb)
    first = tuple(_doubled(measure, start, limit))
    if not any(trial.rate for trial in first):
        return None
    best = knee(first)
    others: list[Trial] = []
    if thorough:
        for knobs in (_batched, _patient, _staffed):
            tried = [measure(one) for one in knobs(best.knobs, limit)]
            others += tried
            best = _better(best, tried)
    return Found(concurrency=first, others=tuple(others), best=best)


def _doubled(measure: Callable[[Knobs], Trial], start: Knobs, limit: int) -> Iterator[Trial]:
    most, idle, concurrency = 0.0, 0, 1
    while concurrency <= limit and idle < 2:  # noqa: PLR2004 # one doubling may be bad luck
        trial = measure(replace(start, concurrency=concurrency))
        yield trial
        idle = 0 if trial.rate > most * WORTH_IT else idle + 1
        most = max(most, trial.rate)
        concurrency *= 2


def _batched(best: Knobs, limit: int) -> Iterator[Knobs]:
    """A batch consists of requests in flight, so there must be enough."""
    for size in BATCH_SIZES:
        if size <= limit:
            yield replace(best, batch_size=size, concurrency=max(best.concurrency, size))


def _patient(best: Knobs, _: int) -> Iterator[Knobs]:
    if best.batch_size is not None:
        yield from (replace(best, timeout_micros=micros) for micros in TIMEOUTS_MICROS)


def _staffed(best: Knobs, _: int) -> Iterator[Knobs]:
    yield from (replace(best, workers=count) for count in WORKERS)


def _better(best: Trial, tried: Sequence[Trial]) -> Trial:
    """The best one, unless the current one is almost as good and simpler."""
    top = max(tried, key=lambda trial: trial.rate, default=best)
    return top if top.rate > best.rate * WORTH_IT else best
