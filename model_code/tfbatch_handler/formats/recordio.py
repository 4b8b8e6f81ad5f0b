"""MXNet RecordIO: one or many framed records.

A record that contains the magic number is split there (dmlc-core's recordio.h). The upper three
bits of a length say which part it is. A record is one string of bytes, or a tf.Example, as the
model needs.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from tfbatch_handler import instance
from tfbatch_handler.formats.tfexample import record
from tfbatch_handler.record import BadRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded, Keyed

CONTENT_TYPES = ("application/x-recordio",)

_HEAD = struct.Struct("<II")
_MAGIC: Final = 0xCED7230A
_MAGIC_BYTES: Final = struct.pack("<I", _MAGIC)
_LENGTH_BITS: Final = 29
_FOLLOWS: Final = {0: (0, 1), 1: (2, 3), 2: (2, 3), 3: (0, 1)}
"""A part and the parts that may follow: 0 whole, 1 first, 2 middle, 3 last."""


def decode(payload: bytes, request: Request) -> list[Decoded | Keyed]:
    """One record per frame (or chain of frames)."""
    whole = instance.takes_bytes(request.signature)
    return [
        frame
        if isinstance(frame, BadRecord)
        else instance.from_bytes(frame, request.signature)
        if whole
        else record(frame, request)
        for frame in frames(memoryview(payload))
    ]


def frames(payload: memoryview) -> Iterator[memoryview | BadRecord]:
    """The records of a payload. A damaged frame ends it with one error."""
    at, part, parts = 0, 0, list[memoryview]()
    while at < len(payload):
        head = _head(payload, at, _FOLLOWS[part])
        if isinstance(head, str):
            yield _torn(f"{head}; {len(payload) - at} bytes were left from byte {at}")
            return
        part, size = head
        parts.append(payload[at + _HEAD.size : at + _HEAD.size + size])
        at += _HEAD.size + size + -size % 4
        if part in {0, 3}:
            yield parts[0] if part == 0 else memoryview(_MAGIC_BYTES.join(parts))
            parts = []
    if parts:
        yield _torn("a record's last part is missing; 0 bytes were left")


def _head(payload: memoryview, at: int, expected: tuple[int, ...]) -> tuple[int, int] | str:
    """The part and length of the frame at ``at``, or an error."""
    rest = len(payload) - at
    if rest < _HEAD.size:
        return "a RecordIO frame takes at least 8 bytes"
    magic, word = _HEAD.unpack_from(payload, at)
    if magic != _MAGIC:
        return f"a RecordIO frame begins with {_MAGIC:#x}, not {magic:#x}"
    part, size = word >> _LENGTH_BITS, word & ((1 << _LENGTH_BITS) - 1)
    if part not in expected:
        return f"part {part} of a RecordIO record can't stand here"
    # The last record's padding may be missing. Its data may not.
    if size > rest - _HEAD.size:
        return f"a frame's record has {size} bytes and the payload ends before them"
    return part, size


def _torn(message: str) -> BadRecord:
    return BadRecord(code="TornFrame", message=message)
