"""Writes TFRecord files: records framed with their length and the checksums of both.

The format is TensorFlow's ``tensorflow/core/lib/io/record_writer.h``: uint64 length, uint32 masked
CRC-32C of it, the record, uint32 masked CRC-32C of the record; all little-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import google_crc32c

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MASK_DELTA = 0xA282EAD8
_UINT32 = 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """Return the checksum as TFRecord stores it.

    Rotated and shifted, so that a record that itself holds checksums can still be told from noise
    (``tensorflow/core/lib/hash/crc32c.h``).
    """
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _UINT32


def frame(record: bytes) -> bytes:
    """Return one record as it lies in a file."""
    length = struct.pack("<Q", len(record))
    return b"".join(
        (
            length,
            struct.pack("<I", masked_crc32c(length)),
            record,
            struct.pack("<I", masked_crc32c(record)),
        )
    )


def write(path: Path, records: Iterable[bytes]) -> int:
    """Write a TFRecord file.

    Returns:
        How many records it holds.
    """
    count = 0
    with path.open("wb") as file:
        for count, record in enumerate(records, 1):  # noqa: B007 - the last is the count
            file.write(frame(record))
    return count
