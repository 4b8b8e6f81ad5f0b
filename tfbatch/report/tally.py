"""Counts a run's rows while they pass: classes, confidence, numbers, and a sample."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from tfbatch.report.view import Guess, guesses, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfbatch.results.rows import Row

T = TypeVar("T")


@dataclass(kw_only=True, slots=True)
class Lowest(Generic[T]):
    """Keeps the items with the lowest ranks."""

    size: int
    _heap: list[tuple[float, str, T]] = field(default_factory=list)

    def add(self, rank: float, name: str, item: T) -> None:
        """Add an item. ``name`` decides between equal ranks."""
        entry = (-rank, name, item)
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
        elif self.size and entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)

    def items(self) -> list[T]:
        """The items, the lowest rank first."""
        return [item for _, _, item in sorted(self._heap, key=lambda one: (-one[0], one[1]))]


def chance(name: str) -> float:
    """A number from 0 to 1 that depends only on the name."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


BINS = 20
_PER_CLASS = 8
_CLASSES_SAMPLED = 2000
_NUMBERS_KEPT = 5000
_WORST_SHARE = 3
"""One in so many shown records is among the least confident."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A record on the page."""

    row: Row
    guesses: tuple[Guess, ...]


@dataclass(kw_only=True, slots=True)
class Tally:
    """Counts over all rows."""

    size: int
    """Number of records to show."""
    records: int = 0
    errors: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    confidence: list[int] = field(default_factory=lambda: [0] * BINS)
    sums: float = 0.0
    numbers: dict[str, Lowest[float]] = field(default_factory=dict)
    _worst: Lowest[Shown] = field(default_factory=lambda: Lowest(size=0))
    _any: Lowest[Shown] = field(default_factory=lambda: Lowest(size=0))
    _by_class: dict[str, Lowest[Shown]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._worst = Lowest(size=self.size // _WORST_SHARE)
        self._any = Lowest(size=self.size)

    def add(self, row: Row) -> None:
        """Add a row."""
        if row.error is not None:
            self.errors += 1
            return
        self.records += 1
        name = f"{row.input} {row.record}"
        found = guesses(row.prediction)
        if found:
            self._add_class(name, Shown(row=row, guesses=found))
        else:
            for output, value in numbers(row.prediction).items():
                kept = self.numbers.setdefault(output, Lowest(size=_NUMBERS_KEPT))
                kept.add(chance(name), name, value)
            self._any.add(chance(name), name, Shown(row=row, guesses=()))

    def _add_class(self, name: str, shown: Shown) -> None:
        best = shown.guesses[0]
        self.classes[best.label] += 1
        self.confidence[min(max(int(best.probability * BINS), 0), BINS - 1)] += 1
        self.sums += best.probability
        self._worst.add(best.probability, name, shown)
        if best.label in self._by_class or len(self._by_class) < _CLASSES_SAMPLED:
            some = self._by_class.setdefault(best.label, Lowest(size=_PER_CLASS))
            some.add(chance(name), name, shown)

    @property
    def mean_confidence(self) -> float | None:
        """Mean probability of the likeliest class."""
        count = sum(self.confidence)
        return self.sums / count if count else None

    def shown(self) -> list[Shown]:
        """The least confident, then some of every class in turn, the largest classes first."""
        if not self.classes:
            return self._any.items()
        chosen = {_name(one): one for one in self._worst.items()}
        for one in self._in_turn():
            if len(chosen) >= self.size:
                break
            chosen.setdefault(_name(one), one)
        return sorted(chosen.values(), key=lambda one: (one.guesses[0].probability, _name(one)))

    def _in_turn(self) -> Iterable[Shown]:
        queues = [
            self._by_class[label].items()
            for label, _ in sorted(self.classes.items(), key=lambda one: (-one[1], one[0]))
            if label in self._by_class
        ]
        for number in range(_PER_CLASS):
            yield from (queue[number] for queue in queues if number < len(queue))


def _name(shown: Shown) -> str:
    return f"{shown.row.input} {shown.row.record or 0:012}"
