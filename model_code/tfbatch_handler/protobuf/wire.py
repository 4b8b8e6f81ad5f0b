"""Reads the protobuf wire format without generated code.

The container's Python has a protobuf runtime but not TensorFlow's message classes, and protobuf's
parser copies every image twice. The format: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
_MAX_VARINT_BITS = 70


class WireError(ValueError):
    """The bytes are not a protobuf message."""


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """Read one base-128 integer and return it with the next position.

    Raises:
        WireError: the data ends inside it, or it has more than ten bytes.
    """
    value = shift = 0
    end = len(data)
    while at < end and shift < _MAX_VARINT_BITS:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004  the continuation bit
            return value, at
        shift += 7
    raise WireError(f"a varint does not end (byte {at} of {end})")


def fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Yield a message's fields as (number, wire type, value), without copying.

    The value of a varint is an int. Others are views of their bytes.

    Raises:
        WireError: a field ends past the message, or has a wire type that proto3 doesn't use.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at)
        kind = key & 7
        if kind == VARINT:
            value, at = varint(data, at)
            yield key >> 3, kind, value
            continue
        if kind == DELIMITED:
            size, at = varint(data, at)
        elif (size := _FIXED_SIZES.get(kind, -1)) < 0:
            raise WireError(f"field {key >> 3} has wire type {kind} (byte {at} of {end})")
        if at + size > end:
            raise WireError(f"field {key >> 3} ends {at + size - end} bytes past its message")
        yield key >> 3, kind, data[at : at + size]
        at += size


def messages(data: memoryview, number: int) -> Iterator[memoryview]:
    """The values of a repeated (or single) length-delimited field.

    Raises:
        WireError: as :func:`fields`.
    """
    wanted, at, end = number << 3 | DELIMITED, 0, len(data)
    while at < end and data[at] == wanted:  # one after the other, the usual case
        size, start = varint(data, at + 1)
        at = start + size
        if at > end:
            raise WireError(f"field {number} ends {at - end} bytes past its message")
        yield data[start:at]
    for found, kind, value in fields(data[at:]):
        if found == number and kind == DELIMITED:
            assert isinstance(value, memoryview)  # noqa: S101  what DELIMITED means
            yield value


def text(data: memoryview, number: int) -> str:
    """The last value of a string field, or an empty string."""
    found = ""
    for value in messages(data, number):
        found = str(value, "utf-8", "replace")
    return found


def integer(data: memoryview, number: int) -> int:
    """The last value of a varint field, or 0, read as a signed 64-bit integer."""
    found = 0
    for name, kind, value in fields(data):
        if name == number and kind == VARINT:
            assert isinstance(value, int)  # noqa: S101  what VARINT means
            found = value
    return signed(found)


def signed(value: int) -> int:
    """A varint's bits as int64: negative numbers travel as ten bytes of two's complement."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    return value - (1 << 64) if value >> 63 else value


def entries(data: memoryview, number: int) -> Iterator[tuple[str, memoryview]]:
    """The (key, value) pairs of a ``map<string, Message>`` field."""
    for entry in messages(data, number):
        yield text(entry, 1), next(messages(entry, 2), memoryview(b""))


def packed_floats(data: memoryview, number: int) -> list[float]:
    """A repeated float field, packed or not."""
    values: list[float] = []
    for found, kind, value in fields(data):
        if found == number and kind in {DELIMITED, FIXED32} and isinstance(value, memoryview):
            if len(value) % 4:
                raise WireError(f"a packed float list has {len(value)} bytes, not a multiple of 4")
            values += struct.unpack(f"<{len(value) // 4}f", value)
    return values


def packed_integers(data: memoryview, number: int) -> list[int]:
    """A repeated int64 field, packed or not."""
    values: list[int] = []
    for found, kind, value in fields(data):
        if found != number:
            continue
        if isinstance(value, int):
            values.append(signed(value))
        elif kind == DELIMITED:
            at = 0
            while at < len(value):
                one, at = varint(value, at)
                values.append(signed(one))
    return values
