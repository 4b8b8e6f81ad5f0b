"""NumPy's .npy format, read without NumPy: one array, as a record or a batch.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.fitting.fit import fitter
from tfbatch_handler.fitting.shape import row_shape
from tfbatch_handler.fitting.types import PACKED
from tfbatch_handler.record import BadRecord, Values
from tfbatch_handler.signature import SignatureError

if TYPE_CHECKING:
    from tfbatch_handler.fitting.fit import Fit
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded
    from tfbatch_handler.signature import Tensor

CONTENT_TYPES = ("application/x-npy",)

_UNREADABLE: Final = (
    *(ValueError, SyntaxError, TypeError, LookupError, AttributeError),
    *(OverflowError, MemoryError, RecursionError),
)
"""What reading a damaged header or array raises."""
_MAGIC: Final = b"\x93NUMPY"
_TYPES: Final = {
    **dict(zip(("<f4", "<f8", "|b1", "|u1", "|i1"), "fd?Bb", strict=True)),
    **dict(zip(("<u2", "<i2", "<u4", "<i4", "<u8", "<i8"), "HhIiQq", strict=True)),
}
"""NumPy's types by their ``memoryview`` names, on the little-endian machines of TensorFlow."""


def decode(payload: bytes, request: Request) -> list[Decoded]:
    """A record per element of the first axis, if the array is a batch, else one.

    It is a batch if it has the input's rank, or if its elements fit the input and the whole
    doesn't.

    Raises:
        SignatureError: the model has several inputs.
    """
    if len(request.signature.inputs) > 1:
        raise SignatureError(
            f"the model takes {request.signature}, and a .npy file holds one array: send JSON "
            "Lines, CSV with a header, or tf.Examples"
        )
    try:
        array = _array(payload)
    except _UNREADABLE as error:
        return [BadRecord(code="InvalidRecord", message=f"not a .npy array: {error}")]
    name, tensor = next(iter(request.signature.inputs.items()))
    value, shape = array.tolist(), array.shape or ()
    is_batch = _is_batch(shape, tensor)
    items = value if is_batch else [value]
    if _fits(sizes := shape[1:] if is_batch else shape, array.format, tensor):
        return _records(items, sizes, array, name, tensor)
    fit = fitter(name, tensor)
    return [_record(item, name, fit) for item in items]


def _fits(sizes: tuple[int, ...], kind: str, tensor: Tensor) -> bool:
    """Whether a record has exactly the input's type and shape."""
    is_typed = PACKED.get(tensor.dtype) == kind != "?"  # a boolean may be any byte
    return is_typed and row_shape(sizes, math.prod(sizes), tensor.shape) == sizes


def _records(
    items: list[Any], sizes: tuple[int, ...], array: memoryview, name: str, tensor: Tensor
) -> list[Decoded]:
    """Records that need no look at their values."""
    flat, size = array.cast("B").cast(array.format), math.prod(sizes)  # type: ignore[call-overload]
    return [
        {name: Values(tensor.dtype, sizes, flat[number * size : (number + 1) * size], item)}
        for number, item in enumerate(items)
    ]


def _is_batch(shape: tuple[int, ...], tensor: Tensor) -> bool:
    if tensor.shape is None or not shape:
        return False
    if len(shape) == len(tensor.shape):
        return True
    one, many = (row_shape(sizes, math.prod(sizes), tensor.shape) for sizes in (shape, shape[1:]))
    return one is None and many is not None


def _record(item: Any, name: str, fit: Fit) -> Decoded:  # noqa: ANN401  nested lists
    try:
        return {name: fit(item)}
    except FitError as error:
        return BadRecord(code="InvalidRecord", message=str(error))


def _array(payload: bytes) -> memoryview:
    if not payload.startswith(_MAGIC):
        raise ValueError(f"it begins with {payload[:6]!r}, not {_MAGIC!r}")
    width = 2 if payload[6] == 1 else 4
    start = 8 + width + int.from_bytes(payload[8 : 8 + width], "little")
    header = ast.literal_eval(payload[8 + width : start].decode("latin-1"))
    dtype, shape = header["descr"], header["shape"]
    if header["fortran_order"] and len(shape) > 1:
        raise ValueError("it is in Fortran order: save numpy.ascontiguousarray(array)")
    if dtype not in _TYPES:
        raise ValueError(f"its type is {dtype!r}: save it as one of {', '.join(_TYPES)}")
    return _viewed(memoryview(payload)[start:], _TYPES[dtype], shape)


def _viewed(data: memoryview, kind: Any, shape: Any) -> memoryview:  # noqa: ANN401  checked here
    flat = data.cast(kind)  # raises TypeError if the bytes are not a multiple of the item size
    if math.prod(shape) != len(flat):
        raise ValueError(f"it has {len(flat)} values, not the {math.prod(shape)} of shape {shape}")
    if not len(flat):
        raise ValueError(f"its shape {shape} holds no value")
    return data.cast("B").cast(kind, shape) if shape else flat.cast("B").cast(kind, [1])
