"""Reads tensors of a PyTorch checkpoint without PyTorch and without running its code.

The format is ``torch.save``'s before version 1.6: five pickles (magic number, protocol version,
system information, the object, the storages' keys), then for each key the number of elements as a
little-endian int64 and the bytes. A pickle can call any function, so only the few names that
tensors need are allowed.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class CheckpointError(ValueError):
    """The file is not a checkpoint in this format, or contains more than tensors."""


@dataclass(frozen=True, slots=True)
class _Storage:
    """Numbers that tensors are views of. Its bytes come later in the file."""

    key: str
    dtype: np.dtype[np.generic]
    elements: int


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor as a view: its storage, offset and shape."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(  # noqa: PLR0913, PLR0917 - called by the pickle, with torch's own arguments
    storage: _Storage,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    requires_grad: bool,  # noqa: ARG001, FBT001
    backward_hooks: object,  # noqa: ARG001
) -> _View:
    return _View(storage, offset, tuple(shape), tuple(strides))


_ADMITTED: dict[tuple[str, str], object] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    **{("torch", name): dtype for name, dtype in _DTYPES.items()},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        """Allow only the names of ``_ADMITTED``."""
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise CheckpointError(
                f"the checkpoint asks for {module}.{name}, which a file of tensors does not need: "
                "use a checkpoint that holds a plain state dict"
            ) from None

    def persistent_load(self, pid: object) -> _Storage:
        """Find the storage of a tensor by its reference."""
        match pid:
            case ("storage", np.dtype() as dtype, str(key), str(), int(elements), None):
                return _Storage(key, dtype, elements)
        raise CheckpointError(f"the checkpoint refers to {pid!r}, which is not a tensor's storage")


def read_checkpoint(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read every tensor of a state dict.

    Returns:
        Name -> array, in the order of the file, with PyTorch's shapes (convolution kernels:
            output channels, input channels, height, width).

    Raises:
        CheckpointError: the file has another format, is truncated, or contains more than
            tensors.
    """
    with path.open("rb") as file:
        try:
            views = _read_views(file)
            storages = _read_storages(file, {view.storage for view in views.values()})
        except (pickle.UnpicklingError, EOFError) as error:
            raise CheckpointError(f"{path} is not a legacy PyTorch checkpoint: {error}") from error
    return {name: _array(name, view, storages[view.storage.key]) for name, view in views.items()}


def _read_views(file: BinaryIO) -> dict[str, _View]:
    magic, protocol, _machine, views = (_Unpickler(file).load() for _ in range(4))
    if (magic, protocol) != (_MAGIC, _PROTOCOL):
        raise CheckpointError(
            f"the checkpoint starts with {magic!r}, {protocol!r} where torch.save wrote {_MAGIC}, "
            f"{_PROTOCOL} before version 1.6"
        )
    if not isinstance(views, dict) or not all(isinstance(v, _View) for v in views.values()):
        raise CheckpointError(
            "the checkpoint's object is not a dict of tensors: save model.state_dict()"
        )
    return views


def _read_storages(file: BinaryIO, wanted: set[_Storage]) -> dict[str, bytes]:
    by_key = {storage.key: storage for storage in wanted}
    contents = {}
    for key in _Unpickler(file).load():
        storage = by_key.get(key)
        elements = int.from_bytes(file.read(8), "little")
        if storage is None or elements != storage.elements:
            raise CheckpointError(f"storage {key} has {elements} elements, expected {storage}")
        contents[key] = file.read(elements * storage.dtype.itemsize)
    return contents


def _array(name: str, view: _View, content: bytes) -> NDArray[np.generic]:
    dtype = view.storage.dtype
    try:
        return np.ndarray(
            view.shape,
            dtype,
            buffer=content,
            offset=view.offset * dtype.itemsize,
            strides=[stride * dtype.itemsize for stride in view.strides],
        )
    except (ValueError, TypeError) as error:  # NumPy checks the bounds of the view
        raise CheckpointError(
            f"tensor {name} reaches beyond its storage: the checkpoint is cut short, get it again"
        ) from error
