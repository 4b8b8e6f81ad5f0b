"""Writes a reproducible ``.tar.gz``: its bytes depend only on its members' names and contents.

Members are sorted and have fixed times, owners and modes. The gzip layer has *stored* blocks,
because deflate implementations compress differently. Deflate would shrink a SavedModel, which is
mostly weights, by less than a tenth, and cost seconds at every synthesis and container start.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zlib
from typing import IO, TYPE_CHECKING

from tfbatch_functions.planning.tarball import entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_GZIP_HEADER = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])
"""RFC 1952: no name, no time, unknown system."""

_STORED_BLOCK_BYTES = 0xFFFF
"""RFC 1951, 3.2.4: the largest stored block."""


class _StoredGzip(io.RawIOBase):
    """A gzip stream of stored blocks, written in one pass."""

    def __init__(self, target: IO[bytes]) -> None:
        super().__init__()
        self._target = target
        self._pending = bytearray()
        self._crc = 0
        self._size = 0
        target.write(_GZIP_HEADER)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._pending += data
        full = len(self._pending) - len(self._pending) % _STORED_BLOCK_BYTES
        view = memoryview(bytes(self._pending[:full]))
        del self._pending[:full]
        for start in range(0, full, _STORED_BLOCK_BYTES):
            self._block(view[start : start + _STORED_BLOCK_BYTES], last=False)
        return len(data)

    def _block(self, data: bytes | memoryview, *, last: bool) -> None:
        self._target.write(struct.pack("<BHH", last, len(data), len(data) ^ 0xFFFF))
        self._target.write(data)

    def close(self) -> None:
        if not self.closed:
            self._block(bytes(self._pending), last=True)
            self._target.write(struct.pack("<II", self._crc, self._size & 0xFFFFFFFF))
        super().close()


def write(target: Path, members: Mapping[str, Path]) -> None:
    """Write ``target`` atomically.

    Args:
        target: the ``.tar.gz`` to write.
        members: name in the archive -> file with its contents.
    """
    partial = target.with_name(target.name + ".partial")
    with (
        partial.open("wb") as file,
        _StoredGzip(file) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(members):
            _add(archive, name, members[name])
    partial.replace(target)


def _add(archive: tarfile.TarFile, name: str, source: Path) -> None:
    with source.open("rb") as contents:
        archive.addfile(entry(name, source.stat().st_size), contents)
