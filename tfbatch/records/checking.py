"""Counts the records of TFRecord files, or verifies every byte."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.files.file_store import FileStoreError, file_at, folder_at
from tfbatch.records.frames import Damage, frames
from tfbatch.records.streams import opened
from tfbatch.records.walking import count_frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfbatch.files.file_store import FileStore

_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """The contents of a file."""

    file: str
    records: int
    """Sound records."""
    size: int
    """Bytes read; of a compressed file, the uncompressed bytes."""
    damage: tuple[Damage, ...] = ()
    problem: str = ""
    """Why the file couldn't be read to its end."""

    @property
    def is_sound(self) -> bool:
        """Whether it has no errors."""
        return not self.damage and not self.problem


def files(paths: Iterable[str]) -> Iterator[tuple[FileStore, str]]:
    """The files of the arguments: each a file or a folder, local or in S3.

    Raises:
        FileStoreError: an argument has none.
    """
    for path in paths:
        found = list(_files(path))
        if not found:
            raise FileStoreError(f"{path}: there is no such file, and no files in such a folder")
        yield from found


def _files(path: str) -> Iterator[tuple[FileStore, str]]:
    if not path.endswith("/"):
        parent, name = file_at(path)
        if name and parent.metadata(name) is not None:
            yield parent, name
            return
    folder = folder_at(path)
    yield from ((folder, entry.name) for entry in folder.entries())


def verify(found: Iterable[tuple[FileStore, str]]) -> Iterator[Checked]:
    """Verify the checksums of every record, several files at a time, in order."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        yield from threads.map(lambda one: verify_file(*one), found)


def verify_file(folder: FileStore, name: str) -> Checked:
    """Verify one file."""
    records = size = 0
    damage = []
    with opened(folder, name) as stream:
        for found in frames(stream):
            if isinstance(found, Damage):
                damage.append(found)
            else:
                records += 1
            size = found.offset + found.size
        return Checked(
            file=folder.shown(name),
            records=records,
            size=size,
            damage=tuple(damage),
            problem=stream.problem,
        )


def count(found: Iterable[tuple[FileStore, str]]) -> Iterator[Checked]:
    """Count records by their frames' headers. Data of local files is skipped."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        yield from threads.map(lambda one: count_file(*one), found)


def count_file(folder: FileStore, name: str) -> Checked:
    """Count one file's records."""
    with opened(folder, name) as stream:
        records, size, problem = count_frames(stream)
        problem = problem or stream.problem
    return Checked(file=folder.shown(name), records=records, size=size, problem=problem)
