"""Sorts more lines than fit in memory, by merging sorted files."""

from __future__ import annotations

import heapq
import json
import tempfile
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_AT_ONCE = 100_000
"""Lines in memory."""

Item = tuple[str, dict[str, Any]]
"""A key and its data."""


@contextmanager
def in_order(items: Iterable[Item], *, at_once: int = _AT_ONCE) -> Iterator[Iterator[Item]]:
    """Yield the items in the byte order of their keys, as S3 does, with the help of disk files."""
    rest = iter(items)
    with ExitStack() as closing:
        runs: list[Iterator[Item]] = []
        while some := sorted(islice(rest, at_once), key=_key):
            if len(some) < at_once and not runs:
                yield iter(some)
                return
            file = closing.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            runs.append(_written(file, some))
        yield heapq.merge(*runs, key=_key)


def _key(item: Item) -> bytes:
    return item[0].encode("utf-8", "surrogatepass")


def _written(file: IO[str], some: Iterable[Item]) -> Iterator[Item]:
    for item in some:
        file.write(json.dumps(item) + "\n")
    file.seek(0)
    return ((key, value) for key, value in map(json.loads, file))
