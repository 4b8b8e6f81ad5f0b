"""Opens TFRecord files: plain, or compressed with gzip or zlib."""

from __future__ import annotations

import struct
import zlib
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.records.tfrecord import HEADER_BYTES, masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.files.file_store import FileStore, Readable

_GZIP = b"\x1f\x8b\x08"
_ZLIB_CHECK = 31
_DEFLATE = 8
_ANY_WRAPPER = zlib.MAX_WBITS | 32
"""Makes zlib detect gzip's or its own header."""
_CHUNK_BYTES = 1024 * 1024


@dataclass(slots=True)
class Peeked:
    """A stream of which some bytes were read already."""

    head: bytes
    stream: Readable
    problem: str = ""
    """Always empty; see :class:`Inflated`."""

    def read(self, size: int = -1, /) -> bytes:
        """See :class:`tfbatch.files.file_store.Readable`."""
        if not self.head:
            return self.stream.read(size)
        size = len(self.head) if size < 0 else size
        given, self.head = self.head[:size], self.head[size:]
        return given


@dataclass(slots=True)
class Inflated:
    """The contents of a compressed stream. Several members are one stream."""

    stream: Readable
    problem: str = ""
    """Why it ended too early. The bytes before are returned."""
    _zlib: zlib._Decompress | None = None
    _rest: bytes = b""

    def read(self, size: int = -1, /) -> bytes:
        """See :class:`tfbatch.files.file_store.Readable`."""
        while not self.problem:
            data = self._rest or self.stream.read(_CHUNK_BYTES)
            if not data:
                self.problem = "the compressed data ends before its time" if self._zlib else ""
                return b""
            self._zlib = self._zlib or zlib.decompressobj(_ANY_WRAPPER)
            try:
                given = self._zlib.decompress(data, max(size, 0))
            except zlib.error as error:
                self.problem = f"the compressed data is damaged: {error}"
                return b""
            self._rest = self._zlib.unconsumed_tail
            if self._zlib.eof:
                self._rest, self._zlib = self._zlib.unused_data, None
            if given:
                return given
        return b""


@contextmanager
def opened(store: FileStore, name: str) -> Iterator[Peeked | Inflated]:
    """Open a TFRecord file. Its first bytes, not its name, tell the compression."""
    with closing(store.open(name)) as stream:
        head = b""
        while len(head) < HEADER_BYTES and (more := stream.read(HEADER_BYTES - len(head))):
            head += more
        peeked = Peeked(head, stream)
        yield Inflated(peeked) if is_compressed(head) else peeked


def is_compressed(head: bytes) -> bool:
    """Whether a file starts like gzip or zlib, and not with a TFRecord header.

    A record of 560,927 bytes starts with gzip's magic number, so its checksum is checked.
    """
    if len(head) < HEADER_BYTES or is_header(head):
        return head.startswith(_GZIP) and not is_header(head)
    is_zlib = head[0] & 0x0F == _DEFLATE and (head[0] << 8 | head[1]) % _ZLIB_CHECK == 0
    return head.startswith(_GZIP) or is_zlib


def is_header(head: bytes) -> bool:
    """Whether 12 bytes are the start of a TFRecord frame."""
    return len(head) == HEADER_BYTES and struct.unpack("<I", head[8:])[0] == masked_crc32c(head[:8])
