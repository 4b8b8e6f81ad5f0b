"""Records that any model of a signature should predict: a black image, no text, zeros."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from tfbatch_handler.record import Values
from tfbatch_handler.signature import FLOATS, STRING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch_handler.record import Instance
    from tfbatch_handler.signature import Signature, Tensor

_SIDE = 64
"""Pixels."""


def blanks(signature: Signature) -> Iterator[Instance]:
    """One, or two for a model that takes strings: they may be images or texts."""
    yield {name: _zeros(tensor, b"") for name, tensor in signature.inputs.items()}
    if any(tensor.dtype == STRING for tensor in signature.inputs.values()):
        image = png()
        yield {name: _zeros(tensor, image) for name, tensor in signature.inputs.items()}


def _zeros(tensor: Tensor, text: bytes) -> Values:
    shape = tuple(max(1, size) for size in (tensor.shape or ())[1:])
    count = 1
    for size in shape:
        count *= size
    zero = False if tensor.dtype == "BOOL" else 0.0 if tensor.dtype in FLOATS else 0
    if tensor.dtype == STRING:
        return Values(dtype=STRING, shape=shape, items=[text] * count)
    return Values(dtype=tensor.dtype, shape=shape, items=[zero] * count)


def png() -> bytes:
    """A black image."""
    rows = (b"\0" + bytes(3 * _SIDE)) * _SIDE
    head = struct.pack("!IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))
