"""Computes the rate of a warm instance, and how sure it is, from the times of its answers.

The ramps at both ends are left out: at the start the model warms up, at the end fewer requests are
in flight than permitted. The rest is divided into parts; the spread of their rates gives a 95 %
confidence interval (batch means, Student's t).
"""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Answers = Sequence[tuple[int, int]]
    """Milliseconds since 1970 and the records that were answered then, in order."""

_PARTS = 5
_ANSWERS_A_PART = 4
_WARM_UP = 0.1
"""The share of the answers that isn't timed at the start, at least."""
_NORMAL = 1.959964


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """A rate and its interval."""

    records_per_second: float
    interval: float
    """Half of the 95 % confidence interval, as a share of the rate."""


def steady_rate(runs: Sequence[Answers], *, in_flight: int) -> Rate | None:
    """The rate of one or several runs with the same settings.

    Args:
        runs: the answers of each.
        in_flight: the requests that are sent at a time.

    Returns:
        ``None`` if there are too few answers for an interval, or none has a record.
    """
    parts = [part for answers in runs for part in _parts(answers, in_flight)]
    if len(parts) < _PARTS:
        return None
    rate = sum(records for records, _ in parts) / sum(seconds for _, seconds in parts)
    if not rate:
        return None
    rates = [records / seconds for records, seconds in parts]
    error = statistics.stdev(rates) / math.sqrt(len(rates))
    return Rate(records_per_second=rate, interval=_student(len(rates) - 1) * error / rate)


def _parts(answers: Answers, in_flight: int) -> Iterator[tuple[int, float]]:
    """Records and seconds of each part between the ramps; none if it is too short."""
    first = max(in_flight, math.ceil(_WARM_UP * len(answers)))
    steady = answers[first - 1 : len(answers) - in_flight]
    if len(steady) <= _PARTS * _ANSWERS_A_PART:
        return
    ends = [round(number * (len(steady) - 1) / _PARTS) for number in range(_PARTS + 1)]
    for start, end in itertools.pairwise(ends):
        milliseconds = steady[end][0] - steady[start][0]
        if milliseconds <= 0:
            return
        records = sum(count for _, count in steady[start + 1 : end + 1])
        yield records, milliseconds / 1000


def _student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t, by its expansion around the normal one (A&S 26.7.5)."""
    z = _NORMAL
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
