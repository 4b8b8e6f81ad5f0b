"""Writes arrays as TensorFlow Serving's JSON, byte by byte the same."""

from __future__ import annotations

import base64
import itertools
import json
from typing import TYPE_CHECKING, Final

import numpy as np

from tfbatch_sandbox.model_server.json_api.decimals import format_decimals
from tfbatch_sandbox.model_server.json_api.request import Format
from tfbatch_sandbox.model_server.tensorflow.status import (
    StatusError,
    invalid_argument,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array

_INDENT: Final = "    "
_UNWRITABLE: Final = {
    np.dtype(np.float16): "half",
    np.dtype(np.uint16): "uint16",
    np.dtype(np.complex64): "complex64",
    np.dtype(np.complex128): "complex128",
}


def write_predict(outputs: Mapping[str, Array], layout: Format) -> bytes:
    """The reply to a predict request.

    Args:
        outputs: arrays by the signature's names, written in this order.
        layout: row replies need a batch dimension, the same for all.

    Raises:
        StatusError: INVALID_ARGUMENT, outputs don't fit the row format, or JSON has no form for
            their type.
    """
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    text = _rows(outputs) if layout is Format.ROW else _columns(outputs)
    return text.encode("utf-8", "surrogateescape")


def write_error(error: StatusError) -> bytes:
    """The body of an error status."""
    return f'{{\n{_INDENT}"error": {_quote(error.message)}\n}}'.encode()


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _rows(outputs: Mapping[str, Array]) -> str:
    size = _batch_size(outputs)
    depth = 2 if len(outputs) == 1 else 3
    columns = {name: _lines(name, array, size, depth) for name, array in outputs.items()}
    if len(columns) == 1:
        (lines,) = columns.values()
        body = ", ".join(lines) + f"\n{_INDENT}"
    else:
        body = ",".join(_object(row, columns) for row in zip(*columns.values(), strict=True))
        body += f"\n{_INDENT}" if body else ""
    return f'{{\n{_INDENT}"predictions": [{body}]\n}}'


def _object(row: Sequence[str], columns: Mapping[str, object]) -> str:
    outer, inner = _INDENT * 2, _INDENT * 3
    members = ",\n".join(
        f"{inner}{_quote(name)}: {value}" for name, value in zip(columns, row, strict=True)
    )
    return f"\n{outer}{{\n{members}\n{outer}}}"


def _batch_size(outputs: Mapping[str, Array]) -> int:
    size = -1
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if size not in (-1, array.shape[0]):
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {array.shape[0]}"
                f" expecting: {size}"
            )
        size = array.shape[0]
    return size


def _lines(name: str, array: Array, size: int, depth: int) -> list[str]:
    """Each instance's value on one line."""
    words = iter(_words(name, array, depth + array.ndim - 1))
    return [_inline(words, array.shape[1:]) for _ in range(size)]


def _inline(words: Iterator[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return next(words)
    if len(shape) == 1:
        return "[" + ", ".join(itertools.islice(words, shape[0])) + "]"
    return "[" + ", ".join(_inline(words, shape[1:]) for _ in range(shape[0])) + "]"


def _columns(outputs: Mapping[str, Array]) -> str:
    depth = 1 if len(outputs) == 1 else 2
    values = {
        name: _spread(iter(_words(name, array, depth + array.ndim)), array.shape, depth)
        for name, array in outputs.items()
    }
    if len(values) == 1:
        (body,) = values.values()
    else:
        inner = _INDENT * 2
        members = ",\n".join(f"{inner}{_quote(name)}: {text}" for name, text in values.items())
        body = f"{{\n{members}\n{_INDENT}}}"
    return f'{{\n{_INDENT}"outputs": {body}\n}}'


def _spread(words: Iterator[str], shape: tuple[int, ...], depth: int) -> str:
    """A value over as many lines as it has elements."""
    if not shape:
        return next(words)
    if not shape[0]:
        return "[]"
    inner = "\n" + _INDENT * (depth + 1)
    elements = f",{inner}".join(_spread(words, shape[1:], depth + 1) for _ in range(shape[0]))
    return f"[{inner}{elements}\n{_INDENT * depth}]"


def _words(name: str, array: Array, depth: int) -> list[str]:
    """Every element as JSON, in order, inside ``depth`` brackets."""
    kind = array.dtype.kind
    if array.dtype in _UNWRITABLE:
        type_name = _UNWRITABLE[array.dtype]
        raise invalid_argument(f"Failed to write JSON value for tensor type: {type_name}")
    flat = array.reshape(-1)
    if kind == "f":
        return format_decimals(flat)
    if kind == "O":
        return (
            [_b64(value, depth) for value in flat]
            if name.endswith("_bytes")
            else list(map(_text, flat))
        )
    if kind == "b":
        return ["true" if value else "false" for value in flat.tolist()]
    return list(map(str, flat.tolist()))


def _text(value: bytes) -> str:
    return _quote(value.decode("utf-8", "surrogateescape"))


def _b64(value: bytes, depth: int) -> str:
    encoded = base64.b64encode(value).decode()
    return f'{{\n{_INDENT * (depth + 1)}"b64": "{encoded}"\n{_INDENT * depth}}}'
