"""Fits a value to an input: its type, and its shape.

A value fits if it has the input's shape for one record, with or without the sizes of 1 and the
batch dimension, or if it is a flat list with the input's number of elements.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.fitting.shape import row_shape, wanted
from tfbatch_handler.fitting.types import typed
from tfbatch_handler.record import Values

if TYPE_CHECKING:
    from tfbatch_handler.signature import Tensor


def fit(value: Any, name: str, tensor: Tensor) -> Values:  # noqa: ANN401  whatever a format holds
    """One record's values for one input.

    Args:
        value: a scalar, or nested lists of scalars: text, bytes, numbers, booleans, or
            ``{"b64": …}`` for bytes.
        name: of the input, column or feature, for messages.
        tensor: the input.

    Raises:
        FitError: says what was sent, what the input takes, and how to write it.
    """
    items, sizes = _flat(value, name, tensor)
    shape = row_shape(sizes, len(items), tensor.shape)
    if shape is None:
        raise FitError(
            f"{name!r} is {_sent(sizes)}, and the model takes {tensor}, batch first: "
            f"write {wanted(tensor)} for each record"
        )
    return Values(dtype=tensor.dtype, shape=shape, items=typed(items, name, tensor))


def _sent(sizes: tuple[int, ...]) -> str:
    if not sizes:
        return "one value"
    if 0 in sizes:
        return "an empty list"
    return f"a list of {' x '.join(map(str, sizes))} values"


def _flat(value: Any, name: str, tensor: Tensor) -> tuple[list[Any], tuple[int, ...]]:  # noqa: ANN401
    """The scalars of nested lists in row-major order, and the sizes of the lists."""
    if type(value) is not list:
        return [value], ()
    items, sizes = [value], list[int]()
    while list in (kinds := set(map(type, items))):
        lengths = set(map(len, items)) if len(kinds) == 1 else set()
        if len(lengths) != 1:
            raise FitError(
                f"{name!r} holds lists of unequal length or depth, and the model takes {tensor}: "
                f"write {wanted(tensor)} for each record"
            )
        sizes.append(lengths.pop())
        items = list(chain.from_iterable(items))
    return items, tuple(sizes)
