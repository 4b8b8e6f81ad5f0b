"""The payloads: photographs of 100 KB and 10 KB, alone, as Examples and in TFRecord files."""

from __future__ import annotations

import random
import struct

from benchmarks.handler.load import Payload
from tfbatch_handler.crc32c import masked_crc32c

RECORDS = 50
"""In a TFRecord payload: 5 MB of photographs of 100 KB, below Batch Transform's 6 MB default."""


def image(size: int) -> Payload:
    """A photograph; noise, since nobody decodes it."""
    return Payload(kind="application/x-image", body=_photograph(size))


def example(size: int) -> Payload:
    """A photograph in a tf.Example, as the article packs them."""
    return Payload(kind="application/x-tfexample", body=_example(_photograph(size)))


def tfrecord(size: int) -> Payload:
    """Many of them in one MultiRecord payload."""
    frame = _frame(_example(_photograph(size)))
    return Payload(kind="application/x-tfrecord", body=frame * RECORDS, records=RECORDS)


def _photograph(size: int) -> bytes:
    return random.Random(1).randbytes(size)  # noqa: S311  a benchmark's data


def _example(photograph: bytes) -> bytes:
    features = {
        b"image/encoded": photograph,
        b"image/format": b"jpeg",
        b"image/filename": b"785877fb88018e89.jpg",
    }
    entries = (
        field(1, field(1, name) + field(2, field(1, field(1, value))))
        for name, value in features.items()
    )
    return field(1, b"".join(entries))


def field(number: int, data: bytes) -> bytes:
    """A length-delimited field of a protobuf message."""
    size, length = len(data), bytearray()
    while size > 0x7F:  # noqa: PLR2004  a varint's byte
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + data


def _frame(record: bytes) -> bytes:
    head = struct.pack("<Q", len(record))
    return head + _checksum(head) + record + _checksum(record)


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(memoryview(data)))
