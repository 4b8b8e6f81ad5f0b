"""Reads a serialized tf.Example: features by name, without TensorFlow, images uncopied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

Feature = list[memoryview] | list[float] | list[int]
"""A feature's values: bytes, floats or integers, as its BytesList, FloatList or Int64List says."""

_FEATURES, _FEATURE = 1, 1
_BYTES, _FLOATS, _INTEGERS = 1, 2, 3


class ExampleError(ValueError):
    """The bytes are not a tf.Example, or it lacks what was asked for."""


def parse(record: bytes | memoryview) -> dict[str, Feature]:
    """Read the features of one serialized ``tf.train.Example``.

    Args:
        record: the message; no TFRecord framing around it.

    Returns:
        Each feature's values by name; values that are bytes are views into ``record``.

    Raises:
        ExampleError: the bytes are no tf.Example.
    """
    found: dict[str, Feature] = {}
    try:
        for features in wire.messages(memoryview(record), _FEATURES):
            found |= {name: _values(value) for name, value in wire.entries(features, _FEATURE)}
    except wire.WireError as error:
        raise ExampleError(f"not a tf.Example: {error}") from None
    return found


def _values(feature: memoryview) -> Feature:
    for kind, _, value in wire.fields(feature):
        if isinstance(value, int):
            continue
        if kind == _BYTES:
            return list(wire.messages(value, 1))
        if kind == _FLOATS:
            return wire.packed_floats(value, 1)
        if kind == _INTEGERS:
            return wire.packed_integers(value, 1)
    return []


def feature(features: Mapping[str, Feature], name: str) -> Feature:
    """One feature's values.

    Raises:
        ExampleError: the Example has no such feature, or it is empty; says which it has.
    """
    values = features.get(name)
    if values:
        return values
    state = "is empty" if name in features else "is missing"
    raise ExampleError(
        f"feature {name!r} {state} (the tf.Example has: {', '.join(sorted(features)) or 'none'})"
    )
