"""Converts arrays to and from ``TensorProto`` messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tfbatch_sandbox.model_server.tensorflow.dtypes import DT_STRING, NUMPY_TYPES
from tfbatch_sandbox.model_server.tensorflow.status import (
    Code,
    StatusError,
    invalid_argument,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array
    from tfbatch_sandbox.model_server.tensorflow.servable import Signature

_DT_HALF: Final = 19
_FIELDS: Final = {
    1: "float_val",
    2: "double_val",
    3: "int_val",
    4: "int_val",
    5: "int_val",
    6: "int_val",
    DT_STRING: "string_val",
    9: "int64_val",
    10: "bool_val",
    17: "int_val",
    _DT_HALF: "half_val",
    22: "uint32_val",
    23: "uint64_val",
}


def to_array(message: Any) -> Array:  # noqa: ANN401 - TensorFlow publishes no types
    """The values of a ``TensorProto``.

    Raises:
        StatusError: INVALID_ARGUMENT, its values don't fill its shape; UNIMPLEMENTED, its type.
    """
    if message.dtype not in NUMPY_TYPES:
        raise StatusError(Code.UNIMPLEMENTED, f"Input of TensorFlow data type {message.dtype}")
    shape = tuple(dim.size for dim in message.tensor_shape.dim)
    wanted = NUMPY_TYPES[message.dtype]
    if message.tensor_content:
        flat = np.frombuffer(message.tensor_content, wanted)
    else:
        flat = _typed_values(message, wanted, int(np.prod(shape, dtype=np.int64)))
    try:
        return flat.reshape(shape)
    except ValueError as error:
        raise invalid_argument(f"Could not parse tensor: {flat.size} values for {shape}") from error


def _typed_values(message: Any, wanted: np.dtype[Any], size: int) -> Array:  # noqa: ANN401
    """The values of the type's own field. The last one is repeated for omitted ones."""
    values = list(getattr(message, _FIELDS[message.dtype]))
    if not values:
        values = [b"" if message.dtype == DT_STRING else 0]
    values += values[-1:] * (size - len(values))
    if message.dtype == _DT_HALF:
        return np.array(values[:size], np.uint16).view(np.float16)
    array = np.empty(len(values[:size]) if size else 0, wanted)
    array[:] = values[:size]
    return array


def fill(message: Any, array: Array, data_type: int) -> None:  # noqa: ANN401
    """Write an array into an empty ``TensorProto``, in the field of its type."""
    message.dtype = data_type
    message.tensor_shape.SetInParent()
    for size in array.shape:
        message.tensor_shape.dim.add(size=size)
    flat = array.reshape(-1)
    if data_type == _DT_HALF:
        flat = flat.view(np.uint16)
    getattr(message, _FIELDS[data_type]).extend(flat.tolist())


def read_inputs(tensors: Mapping[str, Any], signature: Signature) -> dict[str, Array]:
    """The inputs of a ``PredictRequest``, checked against the signature.

    Raises:
        StatusError: INVALID_ARGUMENT, names or types differ from the signature.
    """
    sent, wanted = set(tensors), set(signature.inputs)
    if sent != wanted:
        lists = [sorted(names) for names in (sent, wanted, sent - wanted, wanted - sent)]
        have, need, extra, missing = (",".join(names) for names in lists)
        raise invalid_argument(
            f"input size does not match signature: {len(sent)}!={len(wanted)} "
            f"len({{{have}}}) != len({{{need}}}). Sent extra: {{{extra}}}. "
            f"Missing but required: {{{missing}}}."
        )
    for index, (name, info) in enumerate(signature.inputs.items()):
        if tensors[name].dtype != info.dtype:
            given, expected = (_type_name(number) for number in (tensors[name].dtype, info.dtype))
            raise invalid_argument(f"Expects arg[{index}] to be {expected} but {given} is provided")
    return {name: to_array(message) for name, message in tensors.items()}


def _type_name(number: int) -> str:
    from tensorflow.core.framework.types_pb2 import DataType  # noqa: PLC0415

    name: str = DataType.Name(number)
    return name.removeprefix("DT_").lower()
