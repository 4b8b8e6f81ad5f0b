"""Packs photographs into TFRecord files, in order and in parallel.

A file is written whole or not at all.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
from collections import deque
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, cast

from tfbatch.files.file_store import FileStoreError, Folder
from tfbatch.records import photos, tfrecord
from tfbatch.records.reading_back import holds, read_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor
    from pathlib import Path

    from tfbatch.files.file_store import Entry, FileStore

RECORDS, DIGEST = "records", "tfbatch-digest"
"""Metadata of an object: its number of records, which the workflow uses, and the digest of its
sources."""
_BUFFER_BYTES = 256 * 1024
_GZIP_LEVEL = 1
"""Photographs are compressed already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """A TFRecord file to write, and its photographs."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def digest(self) -> str:
        """Digest of everything that decides the file's contents."""
        lines = (f"{one.name}\0{one.size}\0{one.modified}\n" for one in self.entries)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A file that was not packed."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """The result of a shard."""

    shard: Shard
    records: int
    size: int
    """Bytes of the photographs in it."""
    was_there: bool = False
    """An earlier run has written it."""
    skipped: tuple[Skipped, ...] = ()


@dataclass(kw_only=True, slots=True)
class Packer:
    """How photographs are packed."""

    source: FileStore
    target: FileStore
    compress: bool = False
    strict: bool = False
    """Fail if a file is not an image."""
    again: bool = False
    """Pack again what was packed before."""
    readers: ThreadPoolExecutor
    ahead: int = 16
    """Photographs of one shard that are read ahead."""
    on_photo: Callable[[int], None] = field(default=lambda _: None)
    """Called with the size of each photograph that is done."""

    def pack(self, shard: Shard) -> Packed:
        """Write one TFRecord file, unless it exists.

        Raises:
            FileStoreError: a file is not an image, and ``strict``.
            ReadBackError: the written file can't be verified; it is deleted.
        """
        if not self.again and (found := self._found(shard)):
            for entry in shard.entries:
                self.on_photo(entry.size)
            return found
        checksums: list[int] = []
        skipped: list[Skipped] = []
        with self.target.writing(shard.name) as draft:
            size = self._write(draft.path, shard, checksums, skipped)
            read_back(draft.path, checksums)
            draft.metadata |= {RECORDS: str(len(checksums)), DIGEST: shard.digest}
        return Packed(shard=shard, records=len(checksums), size=size, skipped=tuple(skipped))

    def _write(self, path: Path, shard: Shard, checksums: list[int], skipped: list[Skipped]) -> int:
        size = 0
        with _created(path, compress=self.compress) as file:
            for entry, data in self._read(shard.entries):
                kind = photos.kind(data)
                if kind is None:
                    skipped.append(self._refused(entry, data))
                else:
                    frame = tfrecord.frame_parts(photos.as_example(entry.name, data, kind))
                    checksums.append(int.from_bytes(frame[-1], "little"))
                    file.writelines(frame)
                    size += len(data)
                self.on_photo(entry.size)
        return size

    def _read(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes]]:
        """Yield each photograph with its bytes, some of them read ahead."""
        coming: deque[tuple[Entry, Future[bytes]]] = deque()
        rest = iter(entries)
        try:
            for entry in itertools.chain(rest, itertools.repeat(None)):
                if entry is not None:
                    reading = self.readers.submit(photos.read, self.source, entry)
                    coming.append((entry, reading))
                if entry is None or len(coming) > self.ahead:
                    if not coming:
                        return
                    first, future = coming.popleft()
                    yield first, future.result()
        finally:
            for _, future in coming:
                future.cancel()

    def _refused(self, entry: Entry, data: bytes) -> Skipped:
        begin = f"begins with {data[:8]!r}, as no JPEG, PNG, GIF or BMP does"
        reason = begin if data else "is empty"
        if self.strict:
            shown = self.source.shown(entry.name)
            raise FileStoreError(f"{shown} {reason}: remove it, or leave --strict out")
        return Skipped(name=entry.name, reason=reason)

    def _found(self, shard: Shard) -> Packed | None:
        """The file that an earlier run made of the same photographs."""
        metadata = self.target.metadata(shard.name)
        if metadata is None:
            return None
        if isinstance(self.target, Folder):
            records = holds(self.target, shard.name, shard.entries)
        else:
            same = metadata.get(DIGEST) == shard.digest
            records = int(metadata.get(RECORDS, 0)) if same else None
        if records is None:
            return None
        size = sum(entry.size for entry in shard.entries)
        return Packed(shard=shard, records=records, size=size, was_there=True)


@contextmanager
def _created(path: Path, *, compress: bool) -> Iterator[BinaryIO]:
    with ExitStack() as closing:
        plain = closing.enter_context(path.open("wb", buffering=_BUFFER_BYTES))
        if not compress:
            yield plain
            return
        # No name and no time, so that the same photographs give the same bytes.
        packed = gzip.GzipFile("", "wb", compresslevel=_GZIP_LEVEL, fileobj=plain, mtime=0)
        yield cast("BinaryIO", closing.enter_context(packed))
