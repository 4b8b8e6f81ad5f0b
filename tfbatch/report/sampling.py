"""Chooses the records that a page shows. The choice is the same each time."""

from __future__ import annotations

import hashlib
import heapq
from dataclasses import dataclass, field
from typing import Generic, TypeVar

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
