"""Splits an object into records by ``SplitType``.

Every splitter takes chunks from S3 and yields records as soon as they are complete, so no object is
held as a whole (except for ``None``, where the object is the record). Records are limited in size,
so endless gzip data or a length of 2^63 is refused early.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from google_crc32c import value as crc32c

from tfbatch_sandbox.transform.failure import client_error, too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Record:
    """A record with and without its framing."""

    framed: bytes
    """As in the object, for ``MultiRecord``."""
    bare: bytes
    """Without delimiter, framing and padding, for ``SingleRecord``."""
    source: bytes = b""
    """The unfiltered record; empty if it isn't needed."""


class _Buffer:
    """A stream of chunks, at most ``limit`` bytes at a time."""

    def __init__(self, chunks: Iterable[bytes], limit: int) -> None:
        self._chunks = iter(chunks)
        self._limit = limit
        self._held = bytearray()
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next bytes; fewer than asked only at the end."""
        if size > self._limit:
            raise too_large(self._limit, size)
        while len(self._held) - self._at < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            del self._held[: self._at]
            self._at = 0
            self._held += chunk
        taken = bytes(self._held[self._at : self._at + size])
        self._at += len(taken)
        return taken


def split_none(chunks: Iterable[bytes], limit: int) -> Iterator[Record]:
    """The whole object, even if empty.

    Raises:
        ObjectFailure: it is larger than a record may be.
    """
    whole = bytearray()
    for chunk in chunks:
        whole += chunk
        if len(whole) > limit:
            raise too_large(limit)
    yield Record(bytes(whole), bytes(whole))


def split_lines(chunks: Iterable[bytes], limit: int) -> Iterator[Record]:
    """Records that end with a line feed, which the last one may lack.

    Raises:
        ObjectFailure: a line is longer than a record may be.
    """
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if len(rest) > limit:
            raise too_large(limit)
        yield from (Record(line + b"\n", line) for line in lines)
    if rest:
        yield Record(rest, rest)


_LENGTH: Final = struct.Struct("<Q")
_CRC: Final = struct.Struct("<I")
_HEADER_BYTES: Final = _LENGTH.size + _CRC.size


def split_tfrecord(chunks: Iterable[bytes], limit: int) -> Iterator[Record]:
    """Length, its masked CRC32C, data, its masked CRC32C.

    Raises:
        ObjectFailure: a checksum is wrong, the object ends within a record, or a record is too
            large.
    """
    buffer = _Buffer(chunks, limit)
    while header := buffer.read(_HEADER_BYTES):
        length = header[: _LENGTH.size]
        if len(header) < _HEADER_BYTES or not _matches(length, header[_LENGTH.size :]):
            raise client_error("Corrupted TFRecord: the length of a record has a wrong checksum")
        data = buffer.read(_LENGTH.unpack(length)[0])
        footer = buffer.read(_CRC.size)
        if len(footer) < _CRC.size:
            raise client_error("Corrupted TFRecord: the object ends within a record")
        if not _matches(data, footer):
            raise client_error("Corrupted TFRecord: the data of a record has a wrong checksum")
        yield Record(header + data + footer, data)


def _matches(data: bytes, checksum: bytes) -> bool:
    crc = crc32c(data)
    masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    return checksum == _CRC.pack(masked)


_MAGIC: Final = struct.pack("<I", 0xCED7230A)
_WORD: Final = struct.Struct("<I")
_LENGTH_BITS: Final = 29
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)


def split_recordio(chunks: Iterable[bytes], limit: int) -> Iterator[Record]:
    """MXNet's RecordIO: magic, flag and length, data padded to four bytes.

    Data that contains the magic is split there into several parts.

    Raises:
        ObjectFailure: the magic is missing, the object ends within a record, or a record is too
            large.
    """
    buffer = _Buffer(chunks, limit)
    framed, parts = b"", list[bytes]()
    while header := buffer.read(2 * _WORD.size):
        if len(header) < 2 * _WORD.size or header[: _WORD.size] != _MAGIC:
            raise client_error("Corrupted RecordIO: a record does not begin with the magic number")
        (word,) = _WORD.unpack(header[_WORD.size :])
        flag, length = word >> _LENGTH_BITS, word & ((1 << _LENGTH_BITS) - 1)
        padded = buffer.read(length + -length % _WORD.size)
        if len(padded) < length:
            raise client_error("Corrupted RecordIO: the object ends within a record")
        framed += header + padded
        parts.append(padded[:length])
        if len(framed) > limit + 2 * _WORD.size * len(parts):
            raise too_large(limit)
        if flag in (_WHOLE, _LAST):
            yield Record(framed, _MAGIC.join(parts))
            framed, parts = b"", []
    if parts:
        raise client_error("Corrupted RecordIO: the object ends within a record of several parts")


LARGEST_RECORD: Final = 100 * 1024 * 1024
"""Bytes: no payload is larger."""
SPLITTERS: Final[dict[str, Callable[[Iterable[bytes], int], Iterator[Record]]]] = {
    "None": split_none,
    "Line": split_lines,
    "TFRecord": split_tfrecord,
    "RecordIO": split_recordio,
}
"""By ``SplitType``. Takes chunks and the maximum size of a record."""
