"""Converts a JSON value to an array, typed as strictly as TensorFlow Serving."""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pybase64

from tfbatch_sandbox.model_server.tensorflow.dtypes import DT_STRING, NUMPY_TYPES
from tfbatch_sandbox.model_server.tensorflow.status import (
    Code,
    StatusError,
    invalid_argument,
)

if TYPE_CHECKING:
    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array

_DEBUG_BYTES: Final = 256
_TYPE_NAMES: Final = {
    1: "float",
    2: "double",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    DT_STRING: "string",
    9: "int64",
    10: "bool",
    17: "uint16",
    19: "half",
    22: "uint32",
    23: "uint64",
}
_JSON_TYPES: Final[dict[str, set[type]]] = {"f": {int, float}, "i": {int}, "u": {int}, "b": {bool}}
_LARGEST_JSON_INTEGER: Final = 1 << 64
"""RapidJSON reads a larger one as a double."""
_UNREADABLE: Final = {17, 19}
"""Data types that TensorFlow Serving doesn't read from JSON."""


def debug_string(value: object) -> str:
    """The value as in an error message, cut at 256 bytes."""
    return json.dumps(value, ensure_ascii=False, indent=4)[:_DEBUG_BYTES]


def is_b64_object(value: object) -> bool:
    """Whether the value is exactly ``{"b64": "<base64>"}``."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def to_array(value: Any, data_type: int) -> Array:  # noqa: ANN401 (any JSON value)
    """Convert a scalar or a rectangle of nested lists to an array.

    Raises:
        StatusError: INVALID_ARGUMENT, ragged or of another type; UNIMPLEMENTED, a data type
            that TensorFlow Serving doesn't read from JSON.
    """
    shape = _shape(value)
    if data_type != DT_STRING and shape:
        fast = _numbers(value, data_type, shape)
        if fast is not None:
            return fast
    flat: list[Any] = []
    _flatten(value, 0, shape, data_type, flat)
    wanted = NUMPY_TYPES[data_type]
    array = np.empty(len(flat), _read_as(wanted))
    array[:] = flat
    return _cast(array, wanted).reshape(shape)


def _shape(value: object) -> tuple[int, ...]:
    """The shape, from the first element at each level."""
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _numbers(value: list[Any], data_type: int, shape: tuple[int, ...]) -> Array | None:
    """Convert all at once, if NumPy can tell that each is valid."""
    types = _types(value)
    wanted = NUMPY_TYPES[data_type]
    if not types or not types <= _JSON_TYPES[wanted.kind] or data_type in _UNREADABLE:
        return None
    try:
        array = np.array(value, _read_as(wanted))
    except (ValueError, OverflowError):
        return None  # ragged or out of range: the careful way reports where
    if array.shape != shape or (wanted.kind == "f" and not _is_exact(array, wanted, types)):
        return None  # the careful way reports where
    return _cast(array, wanted)


def _is_exact(array: Array, wanted: np.dtype[Any], types: set[type]) -> bool:
    """Whether all numbers are certainly in range, integers within the mantissa."""
    limit = _largest_integer(wanted) if int in types else float(np.finfo(wanted).max)
    return bool((np.abs(array[np.isfinite(array)]) <= limit).all())


def _largest_integer(wanted: np.dtype[Any]) -> int:
    return (1 << np.finfo(wanted).nmant + 1) - 1


def _types(value: list[Any]) -> set[type]:
    """The types of all elements. NumPy would count ``True`` as 1."""
    if value and isinstance(value[0], list):
        return set().union(
            *(_types(item) if isinstance(item, list) and item else {list} for item in value)
        )
    return set(map(type, value))


def _read_as(wanted: np.dtype[Any]) -> np.dtype[Any]:
    """Integers of up to 32 bits are read as C int, floats as double, and then cast."""
    if wanted.kind == "f":
        return np.dtype(np.float64)
    is_small = wanted.kind in "iu" and wanted.itemsize < np.dtype(np.int32).itemsize
    return np.dtype(np.int32) if is_small else wanted


def _cast(array: Array, wanted: np.dtype[Any]) -> Array:
    return array.astype(wanted)


def _flatten(
    value: object, level: int, shape: tuple[int, ...], data_type: int, flat: list[Any]
) -> None:
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid_argument(
                f"JSON Value: {debug_string(value)} found at incorrect level: {level + 1}"
                f" in the JSON DOM. Expected at level: {len(shape)}"
            )
        flat.append(_scalar(value, data_type))
        return
    if level >= len(shape):
        raise invalid_argument(
            f"Encountered list at unexpected level: {level} expected < {len(shape)}"
        )
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level}"
            f" expected size: {shape[level]}"
        )
    for item in value:
        _flatten(item, level + 1, shape, data_type, flat)


def _scalar(value: object, data_type: int) -> object:
    if data_type == DT_STRING and isinstance(value, dict):
        return decode_b64(value)
    if data_type in _UNREADABLE or data_type not in NUMPY_TYPES:
        raise StatusError(
            Code.UNIMPLEMENTED,
            f"Conversion of JSON Value: {debug_string(value)}"
            f" to type: {_TYPE_NAMES.get(data_type, data_type)}",
        )
    if not _is_of_type(value, data_type):
        raise invalid_argument(
            f"JSON Value: {debug_string(value)} Type: {json_type(value)}"
            f" is not of expected type: {_TYPE_NAMES[data_type]}"
        )
    if NUMPY_TYPES[data_type].kind == "f":
        check_lossless(value, NUMPY_TYPES[data_type], _TYPE_NAMES[data_type])
    return value.encode() if isinstance(value, str) else value


def check_lossless(value: Any, wanted: np.dtype[Any], name: str) -> None:  # noqa: ANN401
    """``IsLosslessDecimal``: integers up to the mantissa, decimals up to the largest float.

    Raises:
        StatusError: INVALID_ARGUMENT, the number would not be the same.
    """
    is_integer = isinstance(value, int) and abs(value) < _LARGEST_JSON_INTEGER
    limit = _largest_integer(wanted) if is_integer else float(np.finfo(wanted).max)
    if abs(value) > limit and value not in (float("inf"), float("-inf")):
        raise invalid_argument(
            f"Cannot convert JSON value: {debug_string(value)} to {name} without loss of precision."
        )


def _is_of_type(value: object, data_type: int) -> bool:
    wanted = NUMPY_TYPES[data_type]
    if data_type == DT_STRING:
        return isinstance(value, str)
    if isinstance(value, bool) or wanted.kind == "b":
        return isinstance(value, bool) and wanted.kind == "b"
    if wanted.kind == "f":
        return isinstance(value, int | float)
    limits = np.iinfo(_read_as(wanted))
    return isinstance(value, int) and limits.min <= value <= limits.max


def json_type(value: object) -> str:
    """The value's type, as in an error message."""
    names = {bool: str(value), dict: "Object", list: "Array", str: "String", type(None): "Null"}
    return names.get(type(value), "Number")


def decode_b64(value: dict[str, Any]) -> bytes:
    """The bytes of ``{"b64": "<base64>"}``.

    Raises:
        StatusError: INVALID_ARGUMENT, it is not that, or not base64.
    """
    if not is_b64_object(value):
        raise invalid_argument(
            f"JSON Value: {debug_string(value)} not formatted correctly for base64 data"
        )
    text = value["b64"]
    try:
        return pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return _decode_loose_b64(text)


def _decode_loose_b64(text: str) -> bytes:
    """White space and missing padding are accepted, as in ``absl::Base64Unescape``."""
    packed = "".join(text.split()).rstrip("=")
    try:
        return pybase64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument("Unable to base64 decode") from error
