"""Encodes PredictRequest and decodes PredictResponse without generated code.

The messages are TensorFlow Serving's ``predict.proto`` and TensorFlow's ``tensor.proto``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.fitting.types import PACKED
from tfbatch_handler.protobuf import wire
from tfbatch_handler.signature import DTYPES, STRING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_handler.record import Scores, Values
    from tfbatch_handler.serving.sockets import Buffer

METHOD: Final = "/tensorflow.serving.PredictionService/Predict"
_FLOAT: Final = DTYPES.index("FLOAT")


class NotTensorsError(ValueError):
    """The records can't be stacked to tensors, or the reply lacks a tensor."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """What is asked: ``ModelSpec`` of TensorFlow Serving's ``model.proto``."""

    model: str
    version: int | None
    signature: str

    def message(self) -> bytes:
        """The serialized message."""
        spec = _field(1, self.model.encode()) + _field(3, self.signature.encode())
        return spec if self.version is None else spec + _field(2, b"\x08" + _varint(self.version))


def predict_request(
    records: Sequence[Mapping[str, Values]], *, spec: Spec, output: str
) -> list[Buffer]:
    """A PredictRequest of the records as one batch, for one output, in pieces.

    Raises:
        NotTensorsError: shapes differ, or a number doesn't fit its type.
    """
    pieces: list[Buffer] = [_field(1, spec.message()), _field(3, output.encode())]
    for name in records[0]:
        tensor = _tensor([record[name] for record in records])
        key = _field(1, name.encode())
        size = sum(map(len, tensor))
        head = b"\x12" + _varint(size)
        pieces += [b"\x12" + _varint(len(key) + len(head) + size) + key + head, *tensor]
    return pieces


def _tensor(rows: Sequence[Values]) -> list[Buffer]:
    first = rows[0]
    if any(row.shape != first.shape for row in rows):
        raise NotTensorsError("the records' shapes differ")
    sizes = b"".join(_field(2, b"\x08" + _varint(size)) for size in (len(rows), *first.shape))
    head = b"\x08" + _varint(DTYPES.index(first.dtype)) + _field(2, sizes)
    if first.dtype != STRING:
        return [head, _field(4, b"".join(_numbers(row) for row in rows))]
    pieces: list[Buffer] = [head]
    for row in rows:
        for text in row.items:
            item: Any = text.encode() if isinstance(text, str) else text
            pieces += [b"\x42" + _varint(len(item)), item]
    return pieces


def _numbers(row: Values) -> bytes:
    if isinstance(row.items, memoryview):  # in the type's own bytes
        return row.items.tobytes()
    try:
        return struct.pack(f"<{len(row.items)}{PACKED[row.dtype]}", *row.items)
    except (KeyError, struct.error, OverflowError) as error:
        raise NotTensorsError(str(error)) from None


def scores(response: bytes, *, output: str, count: int) -> list[Scores]:
    """The rows of a float output, each a view of little-endian float32.

    Raises:
        NotTensorsError: the response has no such output for ``count`` records.
    """
    try:
        for name, tensor in wire.entries(memoryview(response), 1):
            if name == output and wire.integer(tensor, 1) == _FLOAT:
                return _rows(_content(tensor), count)
    except wire.WireError as error:
        raise NotTensorsError(str(error)) from None
    raise NotTensorsError(f"the response holds no floats {output!r}")


def _content(tensor: memoryview) -> memoryview:
    """A float tensor's values: packed in ``float_val``, or in ``tensor_content``."""
    for number in (5, 4):
        for content in wire.messages(tensor, number):
            return content
    return memoryview(b"")


def _rows(content: memoryview, count: int) -> list[Scores]:
    size, rest = divmod(len(content), 4 * count)
    if rest or not size:
        raise NotTensorsError(f"{len(content)} bytes are no floats of {count} records")
    floats = content.cast("B").cast("f")
    return [floats[start : start + size] for start in range(0, size * count, size)]


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:  # noqa: PLR2004  seven bits a byte
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
