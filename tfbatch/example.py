"""Serializes ``tf.train.Example`` messages of byte strings, without TensorFlow.

``tensorflow/core/example/example.proto`` is a map of name -> list of values inside two messages of
one field each; nothing more of Protocol Buffers is needed than length-delimited fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LENGTH_DELIMITED = 2
_VARINT_BITS = 7


def encode(features: Mapping[str, bytes]) -> bytes:
    """Serialize an Example of one-element bytes features; equal features give equal bytes."""
    entries = (_entry(name, features[name]) for name in sorted(features))
    features_message = b"".join(_field(1, entry) for entry in entries)
    return _field(1, features_message)


def _entry(name: str, value: bytes) -> bytes:
    """One entry of the map: its key, and a Feature that holds a BytesList."""
    feature = _field(1, _field(1, value))
    return _field(1, name.encode()) + _field(2, feature)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | _LENGTH_DELIMITED]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    encoded = bytearray()
    while value >> _VARINT_BITS:
        encoded.append(value & 0x7F | 0x80)
        value >>= _VARINT_BITS
    return bytes(encoded) + bytes([value])
