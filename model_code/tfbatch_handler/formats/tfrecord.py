"""TFRecord frames with tf.train.Examples (MultiRecord, or SplitType None).

A frame is a length (8 bytes), its masked CRC-32C (4), the record, and its masked CRC-32C (4):
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tfbatch_handler.crc32c import masked_checksums
from tfbatch_handler.formats.tfexample import record
from tfbatch_handler.record import BadRecord

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded, Keyed

CONTENT_TYPES = ("application/x-tfrecord",)

_HEAD = struct.Struct("<QI")
_TAIL = struct.Struct("<I")


def decode(payload: bytes, request: Request) -> list[Decoded | Keyed]:
    """One record per frame."""
    return [
        frame if isinstance(frame, BadRecord) else record(frame, request)
        for frame in frames(memoryview(payload))
    ]


def frames(payload: memoryview) -> list[memoryview | BadRecord]:
    """The records of a payload, not copied. A wrong checksum makes a bad record.

    If the framing is damaged, the start of the next record is unknown. The payload ends with one
    error that says how many bytes were left.
    """
    starts, torn = _walk(payload)
    heads = masked_checksums([payload[start : start + 8] for start in starts])
    for index, (start, found) in enumerate(zip(starts, heads, strict=True)):
        if _HEAD.unpack_from(payload, start)[1] != found:
            torn = [_torn(payload, start, "the CRC-32C of a frame's length does not match")]
            starts = starts[:index]
            break
    records = [_record(payload, start) for start in starts]
    checked = zip(records, masked_checksums([data for data, _ in records]), strict=True)
    return [*(_checked(data, stored, found) for (data, stored), found in checked), *torn]


def _walk(payload: memoryview) -> tuple[list[int], list[BadRecord]]:
    """Find the starts of frames by their lengths, and the error after the last."""
    starts: list[int] = []
    at = 0
    while rest := len(payload) - at:
        if rest < _HEAD.size + _TAIL.size:
            return starts, [_torn(payload, at, "a TFRecord frame takes at least 16 bytes")]
        size = _HEAD.unpack_from(payload, at)[0]
        if size > rest - _HEAD.size - _TAIL.size:
            reason = f"a frame's record has {size} bytes and the payload ends before them"
            return starts, [_torn(payload, at, reason)]
        starts.append(at)
        at += _HEAD.size + size + _TAIL.size
    return starts, []


def _torn(payload: memoryview, at: int, reason: str) -> BadRecord:
    left = f"{len(payload) - at} bytes were left from byte {at}"
    return BadRecord(code="TornFrame", message=f"{reason}; {left}")


def _record(payload: memoryview, start: int) -> tuple[memoryview, int]:
    """A record and its stored checksum."""
    begin = start + _HEAD.size
    end = begin + int(_HEAD.unpack_from(payload, start)[0])
    return payload[begin:end], _TAIL.unpack_from(payload, end)[0]


def _checked(record: memoryview, stored: int, found: int) -> memoryview | BadRecord:
    if stored == found:
        return record
    message = f"the CRC-32C of its {len(record)} bytes is {found:#010x}, not {stored:#010x}"
    return BadRecord(code="InvalidRecord", message=message)
