"""Serializes ``tf.train.Example`` messages of byte strings, without TensorFlow.

``tensorflow/core/example/example.proto`` is a map of name -> list of values inside two messages of
one field each, so only length-delimited fields are needed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LENGTH_DELIMITED = 2
_VARINT_BITS = 7
_ONE_BYTE = 0x80
_FIRST, _SECOND = (number << 3 | _LENGTH_DELIMITED for number in (1, 2))


def encode(features: Mapping[str, bytes]) -> bytes:
    """Serialize an Example of one-element bytes features. Equal features give equal bytes."""
    return b"".join(parts(features))


def parts(features: Mapping[str, bytes]) -> list[bytes]:
    """Yield the same message in pieces, without copying the values."""
    pieces: list[bytes] = [b""]
    size = 0
    for name in sorted(features):
        value = features[name]
        header = _entry_header(name, len(value))
        pieces += (header, value)
        size += len(header) + len(value)
    pieces[0] = bytes((_FIRST,)) + _varint(size)
    return pieces


def _entry_header(name: str, size: int) -> bytes:
    """The bytes before a value: map entry, key, Feature, BytesList and the value's length.

    Lengths are nested, so they are computed from the inside out.
    """
    value = bytes((_FIRST,)) + _varint(size)
    list_ = bytes((_FIRST,)) + _varint(len(value) + size)
    feature = bytes((_SECOND,)) + _varint(len(list_) + len(value) + size)
    key = _key(name)
    inside = key + feature + list_ + value
    return bytes((_FIRST,)) + _varint(len(inside) + size) + inside


@cache
def _key(name: str) -> bytes:
    encoded = name.encode()
    return bytes((_FIRST,)) + _varint(len(encoded)) + encoded


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first. The top bit says that more follow."""
    if value < _ONE_BYTE:
        return bytes((value,))
    encoded = bytearray()
    while value >> _VARINT_BITS:
        encoded.append(value & 0x7F | 0x80)
        value >>= _VARINT_BITS
    encoded.append(value)
    return bytes(encoded)
