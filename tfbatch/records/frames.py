"""Reads the frames of a TFRecord stream, verifies checksums, and continues after damage.

A wrong checksum of a record costs that record. If a frame's length is wrong, the start of the next
frame is unknown: every later byte is tried as a header with a right checksum. One in four billion
is right by chance.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from google_crc32c import value

from tfbatch.records.tfrecord import FOOTER_BYTES, HEADER_BYTES, mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.files.file_store import Readable

from tfbatch.records.resync import next_header
from tfbatch.records.window import Window

_header = struct.Struct("<QI").unpack_from
_footer = struct.Struct("<I").unpack_from
_AROUND = HEADER_BYTES + FOOTER_BYTES


@dataclass(frozen=True, slots=True)
class Frame:
    """A sound record."""

    offset: int
    """Start of its frame."""
    record: bytes

    @property
    def size(self) -> int:
        """Bytes of the frame."""
        return len(self.record) + _AROUND


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """A part of the stream without a sound record."""

    offset: int
    """Start of the damaged frame."""
    size: int
    """Bytes up to the next frame, or to the end."""
    after: int
    """Number of frames before it."""
    reason: str


def frames(stream: Readable) -> Iterator[Frame | Damage]:
    """Yield every sound record of a stream and the damage between them, in order.

    Memory holds one record and a few MB, except while searching after damage.
    """
    window, number = Window(stream), 0
    while window.reach(HEADER_BYTES):
        found = _frame(window) or _damage(window, number)
        number += 1
        yield found


def _frame(window: Window) -> Frame | None:
    """Read the frame at the position if it is sound."""
    held, at = window.held, window.start
    if window.at_hand < HEADER_BYTES:
        return None
    size, stored = _header(held, at)
    if mask(value(held[at : at + 8])) != stored or window.reach(size + _AROUND) < size + _AROUND:
        return None
    held, at = window.held, window.start
    end = at + HEADER_BYTES + size
    record = held[at + HEADER_BYTES : end]
    if mask(value(record)) != _footer(held, end)[0]:
        return None
    frame = Frame(window.position, record)
    window.skip(size + _AROUND)
    return frame


def _damage(window: Window, number: int) -> Damage:
    """Describe the damage at the position, and move to the next possible frame."""
    offset, reason = window.position, ""
    if window.at_hand < HEADER_BYTES:
        reason = f"the file ends {window.at_hand} bytes into the 12 of a frame's header"
        window.skip(window.at_hand)
        return Damage(offset=offset, size=window.position - offset, after=number, reason=reason)
    size, stored = _header(window.held, window.start)
    found = mask(value(window.held[window.start : window.start + 8]))
    if found != stored:
        reason = f"the length's checksum is {stored:#010x}, its 8 bytes make {found:#010x}"
        _search(window)
    elif (have := window.reach(size + _AROUND)) < size + _AROUND:
        reason = f"a frame of {size + _AROUND:,} bytes, and the file ends after {have:,} of them"
        _search(window)
    else:
        reason = _wrong_checksum(window, size)
    return Damage(offset=offset, size=window.position - offset, after=number, reason=reason)


def _wrong_checksum(window: Window, size: int) -> str:
    """A record's checksum is wrong. The next frame follows, unless bytes were lost."""
    end = window.start + HEADER_BYTES + size
    stored = _footer(window.held, end)[0]
    found = mask(value(window.held[window.start + HEADER_BYTES : end]))
    whole = size + _AROUND
    have = window.reach(whole + HEADER_BYTES)
    if have == whole or (have == whole + HEADER_BYTES and _is_header(window, whole)):
        window.skip(whole)
    else:
        _search(window)
    return f"the record's checksum is {stored:#010x}, its {size:,} bytes make {found:#010x}"


def _is_header(window: Window, ahead: int) -> bool:
    at = window.start + ahead
    return bool(mask(value(window.held[at : at + 8])) == _header(window.held, at)[1])


def _search(window: Window) -> None:
    """Move to the next sound header, or to the end."""
    window.skip(1)
    while True:
        have = window.reach(max(window.at_hand, HEADER_BYTES))
        found = next_header(window.held, window.start)
        if found is not None:
            window.skip(found - window.start)
            return
        window.skip(max(0, have - HEADER_BYTES + 1))
        if window.reach(HEADER_BYTES) < HEADER_BYTES:
            window.skip(window.at_hand)
            return
