"""Recognizes ragged and sparse inputs, which a SavedModel lists as several dense ones.

A ragged input ``ids`` is exported as ``ids`` (flat values) and ``ids_1`` (row splits), a sparse one
as ``x`` (indices), ``x_1`` (values) and ``x_2`` (the dense shape). Only the types of the exported
functions, elsewhere in the file, say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPLITS = frozenset(("INT32", "INT64"))


class Input(Protocol):
    """An input of a signature."""

    @property
    def dtype(self) -> str:
        """``INT64`` and the like."""
        ...

    @property
    def shape(self) -> tuple[int, ...] | None:
        """With -1 where any size is taken."""
        ...


def composite_inputs(inputs: Mapping[str, Input], saved_model: bytes) -> set[str]:
    """The inputs that are parts of ragged or sparse ones.

    Args:
        inputs: of a signature.
        saved_model: the bytes of its ``saved_model.pb``.
    """
    found: set[str] = set()
    for kind, parts_of in ((b"RaggedTensorSpec", _ragged), (b"SparseTensorSpec", _sparse)):
        if kind in saved_model:
            found.update(*(parts_of(name, inputs) for name in inputs))
    return found


def _ragged(name: str, inputs: Mapping[str, Input]) -> set[str]:
    splits = inputs.get(f"{name}_1")
    is_ragged = splits is not None and splits.dtype in _SPLITS and splits.shape == (-1,)
    return {name, f"{name}_1"} if is_ragged else set()


def _sparse(name: str, inputs: Mapping[str, Input]) -> set[str]:
    indices, shape = inputs[name], inputs.get(f"{name}_2")
    if shape is None or f"{name}_1" not in inputs or not indices.shape:
        return set()
    is_sparse = len(indices.shape) == 2 and shape.shape == indices.shape[1:]  # noqa: PLR2004
    return {name, f"{name}_1", f"{name}_2"} if is_sparse else set()
