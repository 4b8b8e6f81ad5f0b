"""Framed tf.Examples, one or many: MultiRecord payloads, or whole files with SplitType None.

A frame is a length (8 bytes), its masked CRC-32C (4), the record, and its masked CRC-32C (4):
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tfbatch_handler.crc32c import masked_checksums, masked_crc32c
from tfbatch_handler.formats.tfexample import record
from tfbatch_handler.record import BadRecord

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded

CONTENT_TYPES = ("application/x-tfrecord",)

_HEAD = struct.Struct("<QI")
_TAIL = struct.Struct("<I")


def decode(payload: bytes, request: Request) -> list[Decoded]:
    """One record per frame."""
    return [
        frame if isinstance(frame, BadRecord) else record(frame, request)
        for frame in frames(memoryview(payload))
    ]


def frames(payload: memoryview) -> list[memoryview | BadRecord]:
    """The records of a payload, uncopied; one with a wrong checksum is bad, and the next follows.

    Where the framing itself is damaged nobody knows where the next record begins: the payload
    ends with one error that says how many bytes were left.
    """
    records: list[memoryview] = []
    stored: list[int] = []
    torn: list[BadRecord] = []
    at = 0
    while at < len(payload) and not torn:
        size = _size(payload, at)
        if isinstance(size, str):
            left = f"{len(payload) - at} bytes were left from byte {at}"
            torn = [BadRecord(code="TornFrame", message=f"{size}; {left}")]
        else:
            end = at + _HEAD.size + size
            records.append(payload[at + _HEAD.size : end])
            stored += _TAIL.unpack_from(payload, end)
            at = end + _TAIL.size
    return [*map(_checked, records, stored, masked_checksums(records)), *torn]


def _checked(record: memoryview, stored: int, found: int) -> memoryview | BadRecord:
    if stored == found:
        return record
    message = f"the CRC-32C of its {len(record)} bytes is {found:#010x}, not {stored:#010x}"
    return BadRecord(code="InvalidRecord", message=message)


def _size(payload: memoryview, at: int) -> int | str:
    """The length of the record at ``at``, or what is wrong with its frame."""
    rest = len(payload) - at
    if rest < _HEAD.size + _TAIL.size:
        return "a TFRecord frame takes at least 16 bytes"
    size, checksum = _HEAD.unpack_from(payload, at)
    if masked_crc32c(payload[at : at + 8]) != checksum:
        return "the CRC-32C of a frame's length does not match"
    if size > rest - _HEAD.size - _TAIL.size:
        return f"a frame's record has {size} bytes and the payload ends before them"
    return int(size)
