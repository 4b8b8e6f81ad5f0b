"""Parses a serialized tf.train.Example or SequenceExample without TensorFlow and without copying.

An Example maps names to Features. A SequenceExample has such a map too, its context, and maps names
to lists of Features, one for each step. Only requested features are parsed further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler.protobuf import wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Values = list[memoryview] | list[float] | list[int]
"""A feature's values: bytes, floats or integers, for BytesList, FloatList or Int64List."""
Feature = memoryview | list[memoryview]
"""A serialized Feature; of a feature list, one for each step."""

_BYTES, _FLOATS, _INTEGERS = 1, 2, 3
_FIRST, _SECOND = 0x0A, 0x12
"""The first byte of fields 1 and 2 if they are strings, bytes or messages."""


class ExampleError(ValueError):
    """The bytes are not a tf.Example, or a feature is missing or damaged."""


def parse(record: bytes | memoryview) -> dict[str, Feature]:
    """Read the features of one serialized ``tf.train.Example`` or ``tf.train.SequenceExample``.

    A feature list goes before a context feature of the same name.

    Args:
        record: the message; no TFRecord framing around it.

    Returns:
        Each feature by name, still serialized; views into ``record``.

    Raises:
        ExampleError: the bytes are no tf.Example.
    """
    data = memoryview(record)
    try:
        found: dict[str, Feature] = {}
        size = 0
        for features in wire.messages(data, 1):
            size = len(features)
            found.update(map(_entry, wire.messages(features, 1)))
        if len(data) > size + _head(size):  # more than one field: it may have feature lists
            found.update(_lists(data))
        return found  # noqa: TRY300  a quick path
    except (wire.WireError, IndexError) as error:
        raise ExampleError(f"not a tf.Example: {error}") from None


def _head(size: int) -> int:
    """The bytes before a field of ``size`` bytes: its number, and its length in seven bits each."""
    return 1 + max(1, (size.bit_length() + 6) // 7)


def _lists(data: memoryview) -> Iterator[tuple[str, list[memoryview]]]:
    for lists in wire.messages(data, 2):
        for name, one in wire.entries(lists, 1):
            yield name, list(wire.messages(one, 1))


def _entry(data: memoryview) -> tuple[str, memoryview]:
    """One name and its feature.

    Every writer puts the name first, and a name is short. That case is read by position, which is
    six times faster.
    """
    if len(data) > 2 and data[0] == _FIRST and data[1] < 0x80:  # noqa: PLR2004  a one-byte length
        end = 2 + data[1]
        if end < len(data) and data[end] == _SECOND:
            size, start = wire.varint(data, end + 1)
            if start + size == len(data):
                return str(data[2:end], "utf-8", "replace"), data[start:]
    return wire.text(data, 1), next(wire.messages(data, 2), memoryview(b""))


def feature(features: Mapping[str, Feature], name: str) -> Values | list[Values]:
    """The values of a feature, or those of each step.

    Raises:
        ExampleError: the feature is missing or damaged; the message lists those that exist.
    """
    if name not in features:
        raise ExampleError(
            f"feature {name!r} is missing "
            f"(the tf.Example has: {', '.join(sorted(features)) or 'none'})"
        )
    found = features[name]
    try:
        return list(map(_values, found)) if isinstance(found, list) else _values(found)
    except wire.WireError as error:
        raise ExampleError(f"feature {name!r} is damaged: {error}") from None


def _values(data: memoryview) -> Values:
    for kind, _, value in wire.fields(data):
        if isinstance(value, int):
            continue
        if kind == _BYTES:
            return list(wire.messages(value, 1))
        if kind == _FLOATS:
            return wire.packed_floats(value, 1)
        if kind == _INTEGERS:
            return wire.packed_integers(value, 1)
    return []
