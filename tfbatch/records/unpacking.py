"""Extracts photographs from TFRecord files, under their own names."""

from __future__ import annotations

import posixpath
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfbatch.records import photos
from tfbatch.records.frames import Damage, frames
from tfbatch.records.streams import opened
from tfbatch_handler.protobuf import example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from tfbatch.files.file_store import FileStore
    from tfbatch.records.frames import Frame

_WRITERS = 16
_SUFFIXES = {"jpeg": "jpg"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpacked:
    """The result of one TFRecord file."""

    file: str
    photos: int
    problems: tuple[str, ...] = ()
    """What couldn't be extracted, and why."""


@dataclass(kw_only=True, slots=True)
class Unpacker:
    """Writes the records of TFRecord files as files."""

    target: FileStore
    taken: set[str] = field(default_factory=set)
    """Used names. A second photograph of a name gets another."""

    def unpack(self, found: Iterable[tuple[FileStore, str]]) -> Iterator[Unpacked]:
        """Unpack files one after the other, their photographs in parallel."""
        with ThreadPoolExecutor(_WRITERS) as writers:
            for folder, name in found:
                yield self._file(folder, name, writers)

    def _file(self, folder: FileStore, name: str, writers: ThreadPoolExecutor) -> Unpacked:
        problems: list[str] = []
        writing: deque[Future[None]] = deque()
        count = 0
        with opened(folder, name) as stream:
            for number, frame in enumerate(frames(stream)):
                found = _photo(frame, otherwise=f"{posixpath.basename(name)}-{number:05d}")
                if isinstance(found, str):
                    problems.append(f"record {number}, {found}")
                    continue
                writing.append(writers.submit(self._write, self._free(found[0]), found[1]))
                count += 1
                if len(writing) > 2 * _WRITERS:
                    writing.popleft().result()
            for future in writing:
                future.result()
            problems += [stream.problem] if stream.problem else []
        return Unpacked(file=folder.shown(name), photos=count, problems=tuple(problems))

    def _free(self, name: str) -> str:
        """An unused name."""
        stem, suffix = posixpath.splitext(name)
        candidate, number = name, 1
        while candidate in self.taken:
            number += 1
            candidate = f"{stem} ({number}){suffix}"
        self.taken.add(candidate)
        return candidate

    def _write(self, name: str, data: bytes) -> None:
        with self.target.writing(name) as draft:
            draft.path.write_bytes(data)


def _photo(frame: Frame | Damage, *, otherwise: str) -> tuple[str, bytes] | str:
    """A record's photograph and name, or the error.

    Args:
        frame: the record.
        otherwise: a name without suffix for a photograph that has none.
    """
    if isinstance(frame, Damage):
        return f"byte {frame.offset:,}: {frame.reason}"
    try:
        features = example.parse(frame.record)
        data = _bytes(features, photos.ENCODED)
        name = str(_bytes(features, photos.FILENAME), "utf-8", "replace")
        kind = photos.kind(data) or b"bin"
    except example.ExampleError as error:
        return f"byte {frame.offset:,}: {error}"
    suffix = kind.decode()
    return _safe(name) or f"{otherwise}.{_SUFFIXES.get(suffix, suffix)}", data


def _bytes(features: dict[str, example.Feature], name: str) -> bytes:
    if name == photos.FILENAME and name not in features:
        return b""
    values = example.feature(features, name)
    if not values or not isinstance(values[0], memoryview):
        raise example.ExampleError(f"feature {name!r} holds no bytes")
    return bytes(values[0])


def _safe(name: str) -> str:
    """The name without anything that leads out of a folder."""
    parts = name.replace("\\", "/").replace("\0", "").split("/")
    return "/".join(part for part in parts if part not in {"", ".", ".."})
