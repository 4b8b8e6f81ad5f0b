"""Fits a value to an input: its type, and its shape.

A value fits if it has the input's shape for one record, with or without the sizes of 1 and the
batch dimension, or if it is a flat list with the input's number of elements.
"""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.fitting.shape import row_shape, wanted
from tfbatch_handler.fitting.types import BYTES, one_of, typed
from tfbatch_handler.record import Values
from tfbatch_handler.signature import STRING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_handler.signature import Tensor

    Fit = Callable[[Any], Values]

_STR = {str}


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
    items, sizes, kinds = _flat(value, name, tensor)
    shape = row_shape(sizes, len(items), tensor.shape)
    if shape is None:
        raise FitError(
            f"{name!r} is {_sent(sizes)}, and the model takes {tensor}, batch first: "
            f"write {wanted(tensor)} for each record"
        )
    found = typed(items, name, tensor, kinds)
    is_as_sent = found is items and shape == sizes and tensor.dtype != STRING
    return Values(tensor.dtype, shape, found, value if is_as_sent else None)


@lru_cache(maxsize=1024)
def fitter(name: str, tensor: Tensor) -> Fit:
    """``fit`` for one input, with its checks chosen beforehand. It takes a value.

    Quick for what most records are: a scalar or a list, in the input's type and shape.
    """
    slow = partial(fit, name=name, tensor=tensor)
    if tensor.shape is None:
        return slow
    sizes = tensor.shape[1:]
    if sizes in {(), (1,)}:
        return _scalar(sizes, tensor.dtype, slow)
    return _list(sizes[0], name, tensor, slow) if len(sizes) == 1 else slow


def _scalar(shape: tuple[int, ...], dtype: str, slow: Fit) -> Fit:
    convert = one_of(dtype)
    is_vector = bool(shape)

    def scalar(value: Any) -> Values:  # noqa: ANN401  as fit
        found = convert(value)
        if found is None:
            return slow(value)
        if type(found) in BYTES:  # not JSON
            return Values(dtype, shape, [found])
        return Values(dtype, shape, items := [found], (items if is_vector else found))

    return scalar


def _list(size: int, name: str, tensor: Tensor, slow: Fit) -> Fit:
    dtype = tensor.dtype

    def vector(value: Any) -> Values:  # noqa: ANN401  as fit
        if type(value) is not list or (len(value) != size and size >= 0):
            return slow(value)
        if list in (kinds := set(map(type, value))):
            return slow(value)
        items = typed(value, name, tensor, kinds)
        is_json = dtype != STRING or kinds == _STR
        return Values(dtype, (len(items),), items, items if is_json else None)

    return vector


def _sent(sizes: tuple[int, ...]) -> str:
    if not sizes:
        return "one value"
    if 0 in sizes:
        return "an empty list"
    return f"a list of {' x '.join(map(str, sizes))} values"


def _flat(
    value: Any,  # noqa: ANN401  as fit
    name: str,
    tensor: Tensor,
) -> tuple[list[Any], tuple[int, ...], set[type]]:
    """The scalars of nested lists in row-major order, the lists' sizes, the scalars' types."""
    if type(value) is not list:
        return [value], (), {type(value)}
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
    return items, tuple(sizes), kinds
