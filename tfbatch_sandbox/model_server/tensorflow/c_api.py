"""TensorFlow's C API for ctypes, and its message classes.

``import tensorflow`` takes about ten seconds and a gigabyte, mostly for building and training
models. Running a model needs only the C library in the same package. It loads in half a second,
releases the GIL in every call, and gives TensorFlow Serving's messages, which uses the same
sessions.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path
from typing import Final

from tfbatch_sandbox.model_server.tensorflow.status import Code, StatusError


class Output(ctypes.Structure):
    """``TF_Output``: one output of one operation."""

    _fields_ = (("oper", c_void_p), ("index", c_int))


class Buffer(ctypes.Structure):
    """``TF_Buffer``: serialized bytes and their deallocator."""

    _fields_ = (("data", c_void_p), ("length", c_size_t), ("data_deallocator", c_void_p))


STRING_BYTES: Final = 24
"""``sizeof(TF_TString)``, the element of a string tensor."""

_SIGNATURES: Final = {
    "TF_NewStatus": (c_void_p, ()),
    "TF_DeleteStatus": (None, (c_void_p,)),
    "TF_GetCode": (c_int, (c_void_p,)),
    "TF_Message": (c_char_p, (c_void_p,)),
    "TF_Version": (c_char_p, ()),
    "TF_NewGraph": (c_void_p, ()),
    "TF_GraphOperationByName": (c_void_p, (c_void_p, c_char_p)),
    "TF_NewSessionOptions": (c_void_p, ()),
    "TF_DeleteSessionOptions": (None, (c_void_p,)),
    "TF_SetConfig": (None, (c_void_p, c_char_p, c_size_t, c_void_p)),
    "TF_NewBuffer": (POINTER(Buffer), ()),
    "TF_DeleteBuffer": (None, (POINTER(Buffer),)),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        (
            c_void_p,
            POINTER(Buffer),
            c_char_p,
            POINTER(c_char_p),
            c_int,
            c_void_p,
            POINTER(Buffer),
            c_void_p,
        ),
    ),
    "TF_SessionRun": (
        None,
        (
            c_void_p,
            POINTER(Buffer),
            POINTER(Output),
            POINTER(c_void_p),
            c_int,
            POINTER(Output),
            POINTER(c_void_p),
            c_int,
            POINTER(c_void_p),
            c_int,
            POINTER(Buffer),
            c_void_p,
        ),
    ),
    "TF_CloseSession": (None, (c_void_p, c_void_p)),
    "TF_DeleteSession": (None, (c_void_p, c_void_p)),
    "TF_AllocateTensor": (c_void_p, (c_int, POINTER(c_int64), c_int, c_size_t)),
    "TF_DeleteTensor": (None, (c_void_p,)),
    "TF_TensorType": (c_int, (c_void_p,)),
    "TF_NumDims": (c_int, (c_void_p,)),
    "TF_Dim": (c_int64, (c_void_p, c_int)),
    "TF_TensorByteSize": (c_size_t, (c_void_p,)),
    "TF_TensorData": (c_void_p, (c_void_p,)),
    "TF_NewBufferFromString": (POINTER(Buffer), (c_char_p, c_size_t)),
    "TF_StringInit": (None, (c_void_p,)),
    "TF_StringAssignView": (None, (c_void_p, c_char_p, c_size_t)),
    "TF_StringGetDataPointer": (c_void_p, (c_void_p,)),
    "TF_StringGetSize": (c_size_t, (c_void_p,)),
}


def _package() -> Path:
    """The folder of the installed package, found without importing it.

    Its protobuf classes (``tensorflow.core``) don't need ``tensorflow/__init__.py``.
    """
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the model server needs the tensorflow package: make install")
    sys.modules.setdefault("tensorflow", importlib.util.module_from_spec(spec))
    return Path(spec.origin).parent  # once imported, the package has Keras's folders too


def _load() -> ctypes.CDLL:
    name = "libtensorflow_cc.2.dylib" if sys.platform == "darwin" else "libtensorflow_cc.so.2"
    library = ctypes.CDLL(str(_package() / name))
    for function, (result, arguments) in _SIGNATURES.items():
        getattr(library, function).restype = result
        getattr(library, function).argtypes = arguments
    return library


TF: Final = _load()


class Status:
    """A ``TF_Status`` as a context manager, which raises any status but OK.

    Raises:
        StatusError: with TensorFlow's code and message.
    """

    def __enter__(self) -> int:
        handle: int = TF.TF_NewStatus()
        self._handle = handle
        return handle

    def __exit__(self, *_: object) -> None:
        code = Code(TF.TF_GetCode(self._handle))
        message = TF.TF_Message(self._handle).decode("utf-8", "replace")
        TF.TF_DeleteStatus(self._handle)
        if code is not Code.OK:
            raise StatusError(code, message)
