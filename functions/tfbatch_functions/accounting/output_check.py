"""Checks every input of a round: does it have an output, with the right lines?"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tfbatch_functions.accounting.jobs import parse_moment
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
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence

    from tfbatch_functions.accounting.outputs import Scan
    from tfbatch_functions.s3.storage import Found, Storage

SUFFIX: Final = ".out"


def match(names: Sequence[str], *, prefix: str, outputs: Collection[str]) -> dict[str, str]:
    """Match each input with its output.

    AWS documents two places for an output (the input's path below the output folder, or only its
    last part) and its examples show a third. All keep the last part of the input's key and add
    ``.out``. The service follows one rule, so a shard uses the rule that explains most outputs.

    Args:
        names: all inputs of the shard, below ``prefix``.
        prefix: the start of the inputs' keys.
        outputs: names below the shard's output folder, without the suffix.

    Returns:
        Output by input name. An output that matches two inputs is given to neither.
    """
    below = {name: name for name in names if name in outputs}
    if len(below) == len(outputs):
        return below
    whole = {name: prefix + name for name in names if prefix + name in outputs}
    return max(below, whole, _flat(names, outputs), key=len)


def _flat(names: Sequence[str], outputs: Collection[str]) -> dict[str, str]:
    """Match outputs in one flat folder with inputs whose last part is unique."""
    ((folder, _),) = Counter(map(_folder, outputs)).most_common(1) or [("", 0)]
    counts = Counter(map(_last_part, dict.fromkeys(names)))
    return {
        name: folder + last
        for name in names
        if counts[last := _last_part(name)] == 1 and folder + last in outputs
    }


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _last_part(path: str) -> str:
    return path[path.rfind("/") + 1 :]


class StoppedError(Exception):
    """There is no time left to continue reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An output and its contents."""

    output: Location
    scan: Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An input and the result of its check."""

    source: Location
    name: str
    """Name below the manifest's prefix."""
    answer: Answer | None = None
    """``None`` if there is no output, or one that can't be used."""
    problem: str | None = None
    """Why an existing output can't be used."""

    def close(self) -> None:
        """Close a result that is not needed."""
        if self.answer:
            self.answer.scan.exceptions.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Checks the inputs of a shard."""

    storage: Storage
    prefix: Location
    """Prefix of the inputs."""
    bucket: str
    """Bucket of the outputs."""
    outputs: Mapping[str, Found]
    """Output by input name."""
    split: str
    answers: str = ""
    """The ``Accept`` header of the requests."""
    joined: bool = False
    """Whether each line of an output starts with its input."""
    _stopped: threading.Event = field(default_factory=threading.Event)

    def check_all(self, names: Iterable[str]) -> Generator[Checked]:
        """Check all inputs in order. Closing the iterator cancels pending reads."""
        checked = in_order(self.check, names, weight=self._bytes, discard=Checked.close)
        try:
            for one in checked:  # noqa: UP028 (to come back here before what is read is waited for)
                yield one
        finally:
            self._stopped.set()
            checked.close()

    def check(self, name: str) -> Checked:
        """Check one input."""
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
        if problem := self._problem(source, told.lines):
            told.exceptions.close()
            return Checked(source=source, name=name, problem=problem)
        return Checked(source=source, name=name, answer=Answer(output=output, scan=told))

    def _bytes(self, name: str) -> int:
        return self.outputs[name].size if name in self.outputs else 0

    def _read(self, output: Location) -> Iterator[bytes]:
        for chunk in self.storage.read(output):
            if self._stopped.is_set():
                raise StoppedError
            yield chunk

    def _problem(self, source: Location, lines: int) -> str | None:
        """What is wrong with the number of an output's lines."""
        records = self._records(source)
        if records is not None and records != lines:
            return f"its output has {lines:,} lines for {records:,} records"
        if records is None and not lines and self._has_data(source):
            return "its output is empty"
        return None

    def _has_data(self, source: Location) -> bool:
        head = self.storage.head(source)
        return head is not None and head[0].size > 0

    def _records(self, source: Location) -> int | None:
        """The number of records that an object should have, if its metadata gives it."""
        head = None if self.split == UNSPLIT else self.storage.head(source)
        return metadata_records(head[1]) if head else None


def checker_of(
    storage: Storage, *, manifest: Location, output: Location, run: Mapping[str, Any]
) -> Checker:
    """Match a shard's inputs with the outputs written since its run started."""
    prefix, names = read_manifest(storage.read(manifest))
    since = parse_moment(run["started"])
    outputs = {
        one.key.removeprefix(output.key).removesuffix(SUFFIX): one
        for one in storage.list(output)
        # S3 gives the time of an object in whole seconds.
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
    """The names in a manifest that the plan wrote."""
    return list(read_manifest(storage.read(manifest))[1])
