"""Writes TFRecord files: records with length and checksums.

The format is TensorFlow's ``tensorflow/core/lib/io/record_writer.h``: uint64 length, uint32 masked
CRC-32C of it, the record, uint32 masked CRC-32C of the record; all little-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from google_crc32c import extend, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

HEADER_BYTES = 12
"""The length and its checksum."""
FOOTER_BYTES = 4
"""The record's checksum."""
MASK_DELTA = 0xA282EAD8
_UINT32 = 0xFFFFFFFF
_length, _checksum = struct.Struct("<Q").pack, struct.Struct("<I").pack


def mask(crc: int) -> int:
    """Return a CRC-32C as TFRecord stores it.

    It is rotated and shifted, because a CRC over data with CRCs in it is unreliable
    (``tensorflow/core/lib/hash/crc32c.h``).
    """
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & _UINT32


def masked_crc32c(data: bytes) -> int:
    """Return the checksum as TFRecord stores it."""
    return mask(value(data))


def frame(record: bytes) -> bytes:
    """Return one record with its framing."""
    return b"".join(frame_parts([record]))


def frame_parts(record: Sequence[bytes]) -> list[bytes]:
    """Frame a record that comes in parts, without copying."""
    size = crc = 0
    for part in record:
        size += len(part)
        crc = extend(crc, part)
    length = _length(size)
    return [length, _checksum(mask(value(length))), *record, _checksum(mask(crc))]


def write(path: Path, records: Iterable[bytes]) -> int:
    """Write a TFRecord file.

    Returns:
        The number of records.
    """
    count = 0
    with path.open("wb") as file:
        for count, record in enumerate(records, 1):  # noqa: B007 - the last is the count
            file.writelines(frame_parts([record]))
    return count
