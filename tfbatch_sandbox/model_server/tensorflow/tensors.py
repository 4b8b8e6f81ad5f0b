"""Converts NumPy arrays to and from TensorFlow's tensors."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np

from tfbatch_sandbox.model_server.tensorflow.c_api import STRING_BYTES, TF
from tfbatch_sandbox.model_server.tensorflow.dtypes import DT_STRING, NUMPY_TYPES
from tfbatch_sandbox.model_server.tensorflow.status import Code, StatusError

if TYPE_CHECKING:
    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array


def new_tensor(array: Array, data_type: int) -> int:
    """A ``TF_Tensor`` of the array's values, which the caller deletes.

    A string tensor points to the array's ``bytes`` objects, so the array must outlive it.
    """
    dims = (ctypes.c_int64 * array.ndim)(*array.shape)
    size = array.size * STRING_BYTES if data_type == DT_STRING else array.nbytes
    tensor: int = TF.TF_AllocateTensor(data_type, dims, array.ndim, size)
    data = TF.TF_TensorData(tensor)
    if data_type == DT_STRING:
        for index, value in enumerate(array.flat):
            TF.TF_StringInit(data + index * STRING_BYTES)
            TF.TF_StringAssignView(data + index * STRING_BYTES, value, len(value))
    elif array.nbytes:
        contiguous = np.ascontiguousarray(array)
        ctypes.memmove(data, contiguous.ctypes.data, contiguous.nbytes)
    return tensor


def to_array(tensor: int) -> Array:
    """Copy a ``TF_Tensor``'s values.

    Raises:
        StatusError: UNIMPLEMENTED, NumPy has no such data type.
    """
    data_type = TF.TF_TensorType(tensor)
    if data_type not in NUMPY_TYPES:
        raise StatusError(Code.UNIMPLEMENTED, f"Output of TensorFlow data type {data_type}")
    shape = tuple(TF.TF_Dim(tensor, axis) for axis in range(TF.TF_NumDims(tensor)))
    if data_type == DT_STRING:
        return _strings(tensor, shape)
    array = np.empty(shape, NUMPY_TYPES[data_type])
    if array.nbytes:
        ctypes.memmove(array.ctypes.data, TF.TF_TensorData(tensor), array.nbytes)
    return array


def _strings(tensor: int, shape: tuple[int, ...]) -> Array:
    array = np.empty(shape, object)
    data = TF.TF_TensorData(tensor)
    for index in range(array.size):
        element = data + index * STRING_BYTES
        array.flat[index] = ctypes.string_at(
            TF.TF_StringGetDataPointer(element), TF.TF_StringGetSize(element)
        )
    return array
