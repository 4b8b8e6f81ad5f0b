"""Joins the inputs of a run with their predictions: a row for each record, in order."""

from __future__ import annotations

import heapq
import json
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from tfbatch.results.lines import read_ahead
from tfbatch.results.prediction import parse
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tfbatch.results.lines import Item, Opened
    from tfbatch.results.run import Run

_AT_ONCE = 100_000
"""Lines in memory."""

Keyed = tuple[str, dict[str, Any]]
"""A key and its data."""


@contextmanager
def in_order(items: Iterable[Keyed], *, at_once: int = _AT_ONCE) -> Iterator[Iterator[Keyed]]:
    """Yield the items in the byte order of their keys, as S3 does, with the help of disk files."""
    rest = iter(items)
    with ExitStack() as closing:
        runs: list[Iterator[Keyed]] = []
        while some := sorted(islice(rest, at_once), key=_key):
            if len(some) < at_once and not runs:
                yield iter(some)
                return
            file = closing.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            runs.append(_written(file, some))
        yield heapq.merge(*runs, key=_key)


def _key(item: Keyed) -> bytes:
    return item[0].encode("utf-8", "surrogatepass")


def _written(file: IO[str], some: Iterable[Keyed]) -> Iterator[Keyed]:
    for item in some:
        file.write(json.dumps(item) + "\n")
    file.seek(0)
    return ((key, value) for key, value in map(json.loads, file))


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A record of the input."""

    input: str
    """URI of the object; its key if the run gives no bucket."""
    record: int | None
    """Number in the object, from 0; ``None`` for a whole object without output."""
    prediction: Any = None
    """In JSON types."""
    error: str | None = None
    """Why there is no prediction."""
    key: Mapping[str, Any] = field(default_factory=dict)
    """The record's key fields."""


@contextmanager
def rows(run: Run) -> Iterator[Iterator[Row]]:
    """Yield all rows, by input and record, with a few lines of a few outputs in memory."""
    with in_order(_items(run)) as items:
        yield _rows(run, items)


def _items(run: Run) -> Iterator[Item]:
    """Inputs with an output, and those without."""
    bucket = run.input_bucket
    for found in run.predictions():
        bucket = found["input"].removeprefix("s3://").partition("/")[0]
        yield found["input"], found
    for exception in run.exceptions():
        if exception["record"] is None:
            key = exception["key"]
            yield (f"s3://{bucket}/{key}" if bucket else key), {"error": exception["reason"]}


def _rows(run: Run, items: Iterator[Item]) -> Iterator[Row]:
    for (uri, found), opened in read_ahead(run.s3, items):
        if opened is None:
            yield Row(input=uri, record=None, error=found["error"])
        else:
            yield from _of_output(uri, found, opened)


def _of_output(uri: str, found: dict[str, Any], opened: Opened) -> Iterator[Row]:
    count = 0
    for line in opened.lines():
        parsed = parse(line)
        yield Row(
            input=uri,
            record=count,
            prediction=parsed.prediction,
            error=parsed.error,
            key=parsed.key,
        )
        count += 1
    if count != found["records"]:
        raise Problem(
            f"{found['output']} has {count:,} lines and had {found['records']:,} when the run "
            "ended: it was changed since; run its input again."
        )
