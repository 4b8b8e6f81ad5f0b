"""JSON text of instances: compact, and in pieces, so that an image is copied once into base64."""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING, Any

from tfbatch_handler.signature import STRING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tfbatch_handler.record import Instance, Values


def dumps(value: Any) -> bytes:  # noqa: ANN401  whatever JSON can say
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def predict_request(records: Iterable[Instance]) -> list[bytes]:
    """The body of a predict request in row format, in pieces."""
    pieces = [b'{"instances":[']
    for record in records:
        pieces += instance(record)
        pieces.append(b",")
    pieces[-1] = b"]}"
    return pieces


def instance(record: Instance) -> list[bytes]:
    """An element of ``instances``, in pieces: a lone input stands bare, several are an object."""
    if isinstance(record, bytes):
        return [record]
    if len(record) == 1:
        return _values(next(iter(record.values())))
    pieces = [b"{"]
    for name, values in record.items():
        pieces += [dumps(name), b":", *_values(values), b","]
    pieces[-1] = b"}"
    return pieces


def _values(values: Values) -> list[bytes]:
    if values.dtype == STRING and not values.shape:
        return _base64(values.items[0])
    if values.dtype == STRING:
        items = [b"".join(_base64(item)) for item in values.items]
    else:
        items = [json.dumps(item).encode() for item in values.items]
    return [_nested(items, values.shape)]


def _base64(data: Any) -> list[bytes]:  # noqa: ANN401  bytes-like, as STRING says
    return [b'{"b64":"', binascii.b2a_base64(data, newline=False), b'"}']


def _nested(items: Sequence[bytes], shape: tuple[int, ...]) -> bytes:
    """JSON arrays of ``shape`` around values given in row-major order."""
    for size in reversed(shape):
        starts = range(0, len(items), size)
        items = [b"[%b]" % b",".join(items[start : start + size]) for start in starts]
    return items[0]
