"""Checks every input of a round: does it have an output, with the right lines?"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfbatch_functions.accounting.jobs import parse_moment
from tfbatch_functions.accounting.matching import SUFFIX, match
from tfbatch_functions.accounting.outputs import scan
from tfbatch_functions.accounting.record_errors import (
    JOINED_LINE_BYTES,
    LINE_BYTES,
    error_reader,
)
from tfbatch_functions.planning.sampling import UNSPLIT, metadata_records
from tfbatch_functions.s3.location import Location
from tfbatch_functions.s3.manifest import read_manifest
from tfbatch_functions.s3.prefetch import in_order

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from tfbatch_functions.accounting.outputs import Scan
    from tfbatch_functions.s3.storage import Found, Storage


class StoppedError(Exception):
    """There is no time left to read on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An output, and what it says."""

    output: Location
    scan: Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An input and what came of it."""

    source: Location
    name: str
    """Below the manifest's prefix."""
    answer: Answer | None = None
    """``None`` when there is no output, or one that is not to be relied on."""
    problem: str | None = None
    """Why it is not, where it is there."""

    def close(self) -> None:
        """Nobody is going to read it."""
        if self.answer:
            self.answer.scan.exceptions.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """What there is of a shard."""

    storage: Storage
    prefix: Location
    """Of the inputs."""
    bucket: str
    """Of the outputs."""
    outputs: Mapping[str, Found]
    """By the input's name."""
    split: str
    answers: str = ""
    """The ``Accept`` of the requests."""
    joined: bool = False
    """Whether each line of an output begins with its input."""
    _stopped: threading.Event = field(default_factory=threading.Event)

    def check_all(self, names: Iterable[str]) -> Generator[Checked]:
        """Each input, in order; closing the iterator stops what is under way."""
        checked = in_order(self.check, names, weight=self._bytes, discard=Checked.close)
        try:
            for one in checked:  # noqa: UP028 (to come back here before what is read is waited for)
                yield one
        finally:
            self._stopped.set()
            checked.close()

    def check(self, name: str) -> Checked:
        """One input."""
        source, found = self.prefix / name, self.outputs.get(name)
        if found is None:
            return Checked(source=source, name=name)
        output = Location(self.bucket, found.key)
        told = scan(
            self._read(output),
            key=source.key,
            error_of=error_reader(self.answers, joined=self.joined),
            line_bytes=JOINED_LINE_BYTES if self.joined else LINE_BYTES,
        )
        records = self._records(source)
        if records is not None and records != told.lines:
            told.exceptions.close()
            problem = f"its output has {told.lines:,} lines for {records:,} records"
            return Checked(source=source, name=name, problem=problem)
        return Checked(source=source, name=name, answer=Answer(output=output, scan=told))

    def _bytes(self, name: str) -> int:
        return self.outputs[name].size if name in self.outputs else 0

    def _read(self, output: Location) -> Iterator[bytes]:
        for chunk in self.storage.read(output):
            if self._stopped.is_set():
                raise StoppedError
            yield chunk

    def _records(self, source: Location) -> int | None:
        """How many records an object should have, where it is split and says so."""
        head = None if self.split == UNSPLIT else self.storage.head(source)
        return metadata_records(head[1]) if head else None


def checker_of(
    storage: Storage, *, manifest: Location, output: Location, run: Mapping[str, Any]
) -> Checker:
    """Match a shard's inputs with what was written since its run began."""
    prefix, names = read_manifest(storage.read(manifest))
    since = parse_moment(run["started"])
    outputs = {
        one.key.removeprefix(output.key).removesuffix(SUFFIX): one
        for one in storage.list(output)
        # S3 tells the time of an object in whole seconds.
        if one.key.endswith(SUFFIX)
        and one.modified
        and one.modified >= since.replace(microsecond=0)
    }
    found = match(list(names), prefix=prefix.key, outputs=outputs)
    return Checker(
        storage=storage,
        prefix=prefix,
        bucket=output.bucket,
        outputs={name: outputs[rest] for name, rest in found.items()},
        split=run["splitType"],
        answers=run.get("answers") or "",
        joined=run.get("joined", False),
    )


def names_of(storage: Storage, manifest: Location) -> Sequence[str]:
    """The names in a manifest of ours."""
    return list(read_manifest(storage.read(manifest))[1])
