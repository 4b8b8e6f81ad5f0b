"""Finds the next possible TFRecord frame in damaged bytes.

A header is 8 bytes of length and their masked CRC-32C. A CRC is affine over its input's bits: that
of 8 bytes is the XOR of a table's entry for each byte. So all positions are tried at once.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from google_crc32c import value

from tfbatch.records.tfrecord import HEADER_BYTES, MASK_DELTA

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LENGTH_BYTES = 8
_BLOCK_BYTES = 1024 * 1024
_LONGEST = 1 << 40
"""No record has a terabyte. Random bytes mostly give longer lengths."""


def next_header(data: bytes, start: int) -> int | None:
    """The first position from ``start`` with a sound frame header; ``None`` if there is none."""
    last = len(data) - HEADER_BYTES
    for block in range(start, last + 1, _BLOCK_BYTES):
        positions = min(_BLOCK_BYTES, last + 1 - block)
        for found in _sound(data[block : block + positions + HEADER_BYTES - 1]):
            if int.from_bytes(data[block + found : block + found + 8], "little") < _LONGEST:
                return block + int(found)
    return None


def _sound(data: bytes) -> NDArray[Any]:
    """All positions at which 8 bytes are followed by their masked CRC-32C."""
    import numpy as np  # noqa: PLC0415 # only needed for damaged files

    values = np.frombuffer(data, np.uint8)
    count = len(values) - HEADER_BYTES + 1
    crc = np.full(count, value(bytes(_LENGTH_BYTES)), np.uint32)
    for place, table in enumerate(_tables()):
        crc ^= table[values[place : place + count]]
    masked = (crc >> np.uint32(15) | crc << np.uint32(17)) + np.uint32(MASK_DELTA)
    stored = np.zeros(count, np.uint32)
    for place in range(HEADER_BYTES - _LENGTH_BYTES):
        at = _LENGTH_BYTES + place
        stored |= values[at : at + count].astype(np.uint32) << np.uint32(8 * place)
    found: NDArray[Any] = (masked == stored).nonzero()[0]
    return found


@cache
def _tables() -> list[NDArray[np.uint32]]:
    """For each of 8 positions, how each byte value changes the CRC of 8 zeros."""
    import numpy as np  # noqa: PLC0415

    zeros = value(bytes(_LENGTH_BYTES))
    return [
        np.array(
            [
                value(bytes(place) + bytes((byte,)) + bytes(_LENGTH_BYTES - 1 - place)) ^ zeros
                for byte in range(256)
            ],
            np.uint32,
        )
        for place in range(_LENGTH_BYTES)
    ]
