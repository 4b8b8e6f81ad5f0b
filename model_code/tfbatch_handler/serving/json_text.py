"""Writes instances as JSON text, in pieces that are encoded while they are sent.

A batch of photographs in base64 doesn't fit in a processor's cache, but one photograph does.
"""

from __future__ import annotations

import binascii
import json
from functools import cache
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.signature import DEFAULT, STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tfbatch_handler.record import Instance, Values
    from tfbatch_handler.signature import Signature


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
"""``json.dumps`` with separators makes one for each call."""


def encode(data: Any) -> bytes:  # noqa: ANN401  bytes-like
    """The base64 of ``data``, on one line."""
    return _encoder()(data)


@cache
def _encoder() -> Callable[[Any], bytes]:
    try:
        encoder: Callable[[Any], bytes] = import_module("pybase64").b64encode
    except ImportError:
        return lambda data: binascii.b2a_base64(data, newline=False)
    return encoder


def dumps(value: Any) -> bytes:  # noqa: ANN401  whatever JSON can say
    """Compact JSON."""
    return _ENCODER.encode(value).encode()


def loads(data: bytes) -> Any:  # noqa: ANN401  whatever JSON can say
    """Parse JSON. ``NaN`` and ``Infinity`` are numbers, as for TensorFlow Serving.

    Raises:
        ValueError: it is no JSON, or nested too deeply, or doesn't fit in memory.
    """
    try:
        return json.loads(data)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from None
    except RecursionError:
        raise ValueError("not JSON that can be read: it is nested too deeply") from None
    except MemoryError:
        raise ValueError("not JSON that can be read: it takes more memory than there is") from None


class Base64:
    """Bytes that are encoded when they are sent. Their encoded length is known before."""

    __slots__ = ("_data",)

    def __init__(self, data: Any) -> None:  # noqa: ANN401  bytes-like
        self._data = data

    def __len__(self) -> int:
        return (len(self._data) + 2) // 3 * 4

    def __bytes__(self) -> bytes:
        return encode(self._data)


Piece = bytes | Base64


def predict_request(records: Sequence[Instance], signature: Signature) -> list[Piece]:
    """The body of a predict request in row format, in pieces."""
    head = _head(signature) + b'"instances":'
    plain = _plain_records(records)
    if plain is not None:
        return [head + dumps(plain) + b"}"]
    pieces: list[Piece] = [head + b"["]
    for record in records:
        pieces += instance(record)
        pieces.append(b",")
    pieces[-1] = b"]}"
    return pieces


def _plain_records(records: Sequence[Any]) -> list[Any] | None:
    """Records as JSON, unless one is text already, or has bytes, which may be large."""
    found = []
    for record in records:
        if type(record) is bytes:
            return None
        fields = {}
        for name, values in record.items():
            value = values.nested
            if value is None:
                if _is_bytes(values):
                    return None
                value = _plain(values)
            fields[name] = value
        found.append(fields if len(fields) > 1 else value)
    return found


def columns_request(record: Instance, signature: Signature) -> list[Piece]:
    """The body of a predict request in column format for one record, in pieces."""
    head = _head(signature) + b'"inputs":'
    if isinstance(record, bytes):
        return [head, record, b"}"]
    pieces: list[Piece] = [head + b"{"]
    for name, values in record.items():
        is_scalar = signature.inputs[name].shape == ()
        start, end = (b"", b",") if is_scalar else (b"[", b"],")
        pieces += [dumps(name), b":" + start, *_values(values), end]
    pieces[-1] = bytes(pieces[-1])[:-1] + b"}}"
    return pieces


def named(document: bytes, signature: Signature) -> bytes:
    """A request's document that names the signature, unless it names one itself."""
    if signature.name == DEFAULT:
        return document
    return dumps({"signature_name": signature.name} | loads(document))


def _head(signature: Signature) -> bytes:
    if signature.name == DEFAULT:
        return b"{"
    return b'{"signature_name":%b,' % dumps(signature.name)


def instance(record: Instance) -> list[Piece]:
    """An element of ``instances``, in pieces: the value of a single input, or an object."""
    if isinstance(record, bytes):
        return [record]
    if len(record) == 1:
        return _values(next(iter(record.values())))
    pieces: list[Piece] = [b"{"]
    for name, values in record.items():
        pieces += [dumps(name), b":", *_values(values), b","]
    pieces[-1] = b"}"
    return pieces


def _is_bytes(values: Values) -> bool:
    """Whether it is one string of bytes, which may be large."""
    return values.dtype == STRING and not values.shape and not isinstance(values.items[0], str)


def _values(values: Values) -> list[Piece]:
    if _is_bytes(values):
        return [b'{"b64":"', Base64(values.items[0]), b'"}']
    return [dumps(_plain(values))]


def _plain(values: Values) -> Any:  # noqa: ANN401  nested lists
    if values.nested is not None:
        return values.nested
    shape: tuple[int, ...] = values.shape
    items: Sequence[Any] = values.items
    if values.dtype == STRING:
        items = [
            item if isinstance(item, str) else {"b64": encode(item).decode()} for item in items
        ]
    if not shape:
        return items[0]
    return items if len(shape) == 1 else _nested(items, shape)


def _nested(items: Sequence[Any], shape: tuple[int, ...]) -> Any:  # noqa: ANN401  nested lists
    """Lists of ``shape`` around values given in row-major order."""
    for axis in range(len(shape) - 1, 0, -1):
        size, count = shape[axis], prod(shape[:axis])
        starts = range(0, count * size, size) if size else [0] * count
        items = [items[start : start + size] for start in starts]
    return items
