"""Finds the shape of one record's values for an input."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING

from tfbatch_handler.signature import FLOATS, STRING

if TYPE_CHECKING:
    from tfbatch_handler.signature import Tensor


@lru_cache(maxsize=4096)
def row_shape(
    sizes: tuple[int, ...], count: int, batch_shape: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    """The shape in which ``count`` values of nested lists of ``sizes`` are sent, or ``None``.

    Args:
        sizes: lengths of the lists, the outermost first; empty for a scalar.
        count: number of values.
        batch_shape: of the input, with the batch dimension; -1 where any size is taken.
    """
    if batch_shape is None:
        return sizes
    shape = batch_shape[1:]
    for exact in (sizes, sizes[1:]) if sizes[:1] == (1,) else (sizes,):
        if len(exact) == len(shape) and all(
            want in {-1, have} for want, have in zip(shape, exact, strict=True)
        ):
            return exact
    filled = _filled(shape, count)
    several = tuple(size for size in sizes if size != 1)
    if filled is None or (len(several) > 1 and several != tuple(n for n in filled if n != 1)):
        return None
    return filled


def _filled(shape: tuple[int, ...], count: int) -> tuple[int, ...] | None:
    """The shape of ``count`` values. At most one size that is not fixed is computed."""
    unknown = shape.count(-1)
    known = prod(size for size in shape if size >= 0)
    if unknown > 1:
        return tuple(max(size, 1) for size in shape) if count == known == 1 else None
    if count != known if not unknown else not known or count % known:
        return None
    return tuple(count // known if size < 0 else size for size in shape)


def wanted(tensor: Tensor) -> str:
    """How one record's value is written: ``a list of 3 numbers``."""
    one, many = _KINDS.get(tensor.dtype, ("a whole number", "whole numbers"))
    if tensor.dtype in FLOATS:
        one, many = "a number", "numbers"
    sizes = [size for size in (tensor.shape or ())[1:] if size != 1]
    if not sizes:
        return one
    lists = [f"a list of {'any number of' if sizes[0] < 0 else sizes[0]}"]
    lists += [f"lists of {'any number of' if size < 0 else size}" for size in sizes[1:]]
    return f"{' '.join(lists)} {many}"


_KINDS = {STRING: ("a text", "texts"), "BOOL": ("true or false", "true or false")}
