"""Converts scalars to an input's type, if nothing is lost.

The rules are the same for JSON, CSV, tf.Examples and NumPy arrays; ``docs/handler.md`` lists them.
"""

from __future__ import annotations

import base64
import struct
from functools import partial
from math import isfinite, isinf
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.fitting.number_text import BeyondError, GapError, parse
from tfbatch_handler.signature import FLOATS, INTEGERS, STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tfbatch_handler.signature import Tensor

PACKED: Final = {
    "FLOAT": "f",
    "DOUBLE": "d",
    "BOOL": "?",
    "INT64": "q",
    "INT32": "i",
    "INT16": "h",
    "INT8": "b",
    "UINT64": "Q",
    "UINT32": "I",
    "UINT16": "H",
    "UINT8": "B",
    "HALF": "e",
}
"""TensorFlow's types by their names in ``struct``. BFLOAT16 has the range of FLOAT."""
_TEXTS: Final = (str, bytes, memoryview)
_EXACT: Final = 1 << 53
"""Up to this every whole number is a float."""
_SHOWN: Final = 60


def typed(items: list[Any], name: str, tensor: Tensor, kinds: set[type]) -> Sequence[Any]:
    """Scalars as values of the input's type: text or bytes, floats, integers or booleans.

    Args:
        items: the scalars. The same list is returned if they are of the type.
        name: of the input, column or feature, for messages.
        tensor: the input.
        kinds: the Python types of the items.

    Raises:
        FitError: names the value and how to write it.
    """
    if tensor.dtype == STRING:
        return items if kinds <= BYTES else [_text(item, name, tensor) for item in items]
    try:
        found = _numbers(items, kinds, tensor.dtype)
    except (ValueError, OverflowError, struct.error):
        for item in items:
            _check(item, name, tensor)
        raise
    return found


BYTES: Final = {bytes, memoryview}


def _numbers(items: list[Any], kinds: set[type], dtype: str) -> list[Any]:
    """All at once if Python has them as numbers already, or as plain digits."""
    if dtype in FLOATS:
        if not kinds <= _FLOAT:
            items = (
                list(map(float, items))
                if kinds <= _REAL
                else _digits(items, kinds, float) or list(map(_float, items))
            )
    elif not kinds <= (_BOOL if dtype == "BOOL" else _INT):
        plain = None if dtype == "BOOL" else _digits(items, kinds, int)
        items = plain or [_whole(item, dtype) for item in items]
    struct.pack(f"<{len(items)}{PACKED.get(dtype, 'f')}", *items)
    return items


_FLOAT, _INT, _REAL, _BOOL, _STR = {float}, {int}, {int, float}, {bool}, {str}
_DECIMAL: Final = "0123456789.-"
_WHOLE: Final = "0123456789-"
"""What plain numbers are written with. ``float`` and ``int`` accept more texts than ``parse``, but
not of these characters."""


def _digits(items: list[Any], kinds: set[type], number: type[float]) -> list[Any] | None:
    """Texts as numbers if all are plain digits."""
    if kinds != _STR or "".join(items).strip(_WHOLE if number is int else _DECIMAL):
        return None
    try:
        found = list(map(number, items))
    except ValueError:  # an empty one, or two points
        return None
    return found if number is int or isfinite(sum(found)) else None


def one_of(dtype: str) -> Callable[[Any], Any]:
    """A quick function that turns one scalar into a type.

    It returns ``None`` for a value that ``typed`` must look at, which may be good.
    """
    if dtype == STRING:
        return _plain_text
    if dtype == "BOOL":
        return lambda value: value if type(value) is bool else None
    check = struct.Struct(f"<{PACKED.get(dtype, 'f')}").pack
    return partial(_plain_float if dtype in FLOATS else _plain_int, check)


def _plain_text(value: Any) -> Any:  # noqa: ANN401
    kind = type(value)
    if kind is not str:
        return value if kind in BYTES else None
    try:
        return value if value.isascii() or value.encode() else None
    except UnicodeEncodeError:
        return None


def _plain_float(check: Callable[[float], bytes], value: Any) -> float | None:  # noqa: ANN401
    kind = type(value)
    try:
        if kind is int or (kind is str and not value.strip(_DECIMAL)):
            value = float(value)
            if isinf(value):
                return None
        elif kind is not float:
            return None
        check(value)
    except (ValueError, OverflowError):
        return None
    return value  # type: ignore[no-any-return]


def _plain_int(check: Callable[[int], bytes], value: Any) -> int | None:  # noqa: ANN401
    kind = type(value)
    try:
        if kind is str and not value.strip(_WHOLE):
            value = int(value)
        elif kind is not int:
            return None
        check(value)
    except (ValueError, struct.error):
        return None
    return value  # type: ignore[no-any-return]


def _check(item: Any, name: str, tensor: Tensor) -> None:  # noqa: ANN401
    """Raise what is wrong with one number, if something is."""
    try:
        _numbers([item], {type(item)}, tensor.dtype)
    except (OverflowError, struct.error, BeyondError):
        fault = f"outside the range of {tensor.dtype.lower()}"
    except GapError:
        fault = "no value"
    except ValueError as error:
        fault = str(error)
    else:
        return
    raise _error(item, name, tensor, fault)


def _float(item: Any) -> float:  # noqa: ANN401
    return float(_number(item, is_whole=False))


def _whole(item: Any, dtype: str) -> int:  # noqa: ANN401
    value = _number(item, is_whole=True)
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError("not a whole number")
        if abs(value) > _EXACT:
            raise ValueError("a float beyond 2^53, which may have been rounded")
    if dtype != "BOOL":
        return int(value)
    if value not in {0, 1}:
        raise ValueError("neither true (1) nor false (0)")
    return bool(value)


def _number(item: Any, *, is_whole: bool) -> float:  # noqa: ANN401
    if isinstance(item, _TEXTS):
        text = item if isinstance(item, str) else str(item, "utf-8", "replace")
        return parse(text, is_whole=is_whole)
    if isinstance(item, (int, float)):
        return item
    raise GapError if item is None else ValueError("not a number")


def _text(item: Any, name: str, tensor: Tensor) -> str | bytes | memoryview:  # noqa: ANN401
    if isinstance(item, (bytes, memoryview)):
        return item
    try:
        if is_base64(item):
            return _decoded(item["b64"])
        if isinstance(item, str):
            item.encode()
            return item
    except UnicodeEncodeError:
        raise _error(item, name, tensor, "not Unicode (UTF-8)") from None
    except ValueError:
        raise _error(item["b64"], name, tensor, "not base64") from None
    raise _error(item, name, tensor, "no value" if item is None else "not text")


def is_base64(value: Any) -> bool:  # noqa: ANN401  JSON
    """Whether a JSON value is bytes: exactly ``{"b64": "<base64>"}``."""
    return type(value) is dict and len(value) == 1 and isinstance(value.get("b64"), str)


def _decoded(text: str) -> bytes:
    """White space and missing padding are accepted, as by TensorFlow Serving."""
    packed = "".join(text.split()).rstrip("=")
    return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)


def _error(item: Any, name: str, tensor: Tensor, fault: str) -> FitError:  # noqa: ANN401
    if isinstance(item, (bytes, memoryview)):
        item = str(item[:_SHOWN], "utf-8", "replace")
    text = "null" if item is None else repr(item)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    otherwise = ", or leave the record out" if fault == "no value" else ""
    return FitError(
        f"{name!r} is {shown}, which is {fault}, and the model takes {tensor}: "
        f"write {_scalar(tensor)}{otherwise}"
    )


def _scalar(tensor: Tensor) -> str:
    if tensor.dtype == STRING:
        return "a text"
    if tensor.dtype == "BOOL":
        return "true or false"
    if tensor.dtype in INTEGERS:
        return "a whole number such as 50000"
    return "a number such as 50000 or 3.5"
