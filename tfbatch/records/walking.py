"""Counts the frames of a TFRecord file by their headers alone."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from google_crc32c import value

from tfbatch.records.streams import Peeked
from tfbatch.records.tfrecord import FOOTER_BYTES, HEADER_BYTES, mask

if TYPE_CHECKING:
    from tfbatch.files.file_store import Readable

_header = struct.Struct("<QI").unpack
_CHUNK_BYTES = 4 * 1024 * 1024


def count_frames(stream: Readable) -> tuple[int, int, str]:
    """Count the frames of a stream.

    Returns:
        The number, the bytes up to the last frame's end, and the error there or an empty
            string.
    """
    seek = _seekable(stream)
    count = position = 0
    while header := _read(stream, HEADER_BYTES):
        if len(header) < HEADER_BYTES:
            return count, position, f"byte {position:,}: the file ends inside a frame's header"
        size, stored = _header(header)
        if mask(value(header[:8])) != stored:
            return count, position, f"byte {position:,}: no frame begins here; 'verify' tells more"
        rest = size + FOOTER_BYTES
        if _skip(stream, seek, rest) < rest:
            return count, position, f"byte {position:,}: the file ends inside a frame"
        count += 1
        position += HEADER_BYTES + rest
    return count, position, ""


def _seekable(stream: Readable) -> io.BufferedReader | None:
    """The local file of a stream, if there is one."""
    below = stream.stream if isinstance(stream, Peeked) else None
    return below if isinstance(below, io.BufferedReader) else None


def _read(stream: Readable, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


def _skip(stream: Readable, file: io.BufferedReader | None, size: int) -> int:
    """Skip ``size`` bytes by seeking; returns how many there were."""
    if file is not None:
        file.seek(size - 1, io.SEEK_CUR)
        return size - 1 + len(file.read(1))
    left = size
    while left and (piece := stream.read(min(left, _CHUNK_BYTES))):
        left -= len(piece)
    return size - left
