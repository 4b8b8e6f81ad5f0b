"""Checks TFRecord files after they were written: every record, or names and sizes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch.files.file_store import Folder
from tfbatch.records import photos
from tfbatch.records.frames import Damage, frames
from tfbatch.records.streams import opened
from tfbatch.records.tfrecord import masked_crc32c
from tfbatch.terminal.problem import Problem
from tfbatch_handler.protobuf import example

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfbatch.files.file_store import Entry


class ReadBackError(Problem):
    """A written file doesn't contain what was written."""


def read_back(path: Path, checksums: Sequence[int]) -> None:
    """Verify every byte of a file.

    Args:
        path: the file.
        checksums: checksums of its records, in order.

    Raises:
        ReadBackError: a record is damaged, missing, or different.
    """
    count = 0
    with opened(Folder(root=path.parent), path.name) as stream:
        for found in frames(stream):
            if isinstance(found, Damage):
                where = f"{path}, byte {found.offset:,}"
                raise ReadBackError(f"{where}: {found.reason}: check the disk")
            if count >= len(checksums) or masked_crc32c(found.record) != checksums[count]:
                raise ReadBackError(f"{path}: record {count} is not the one written")
            count += 1
    if count != len(checksums):
        raise ReadBackError(f"{path}: {count} of {len(checksums)} records: check the disk")


def holds(folder: Folder, name: str, entries: Sequence[Entry]) -> int | None:
    """Return the number of records of a file, or None if it doesn't hold these photographs.

    Compares names, sizes and times of the last change, as ``rsync`` does.
    """
    written = (folder.root / name).stat().st_mtime
    if any(entry.modified > written for entry in entries):
        return None
    wanted = [(entry.name, entry.size) for entry in entries]
    count = 0
    with opened(folder, name) as stream:
        for frame in frames(stream):
            if isinstance(frame, Damage) or count >= len(wanted):
                return None
            if _name_and_size(frame.record) != wanted[count]:
                return None
            count += 1
    return count if count == len(wanted) else None


def _name_and_size(record: bytes) -> tuple[str, int]:
    try:
        features = example.parse(record)
        (name,) = example.feature(features, photos.FILENAME)
        (image,) = example.feature(features, photos.ENCODED)
    except (example.ExampleError, ValueError):
        return "", 0
    is_bytes = isinstance(name, memoryview) and isinstance(image, memoryview)
    return (str(name, "utf-8", "replace"), len(image)) if is_bytes else ("", 0)  # type: ignore[arg-type]
