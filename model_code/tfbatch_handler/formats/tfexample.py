"""One serialized tf.train.Example (SplitType TFRecord, SingleRecord)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler import instance
from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.protobuf import example, wire
from tfbatch_handler.record import BadRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded, Instance, Keyed

_FEATURE_LISTS: Final = 2
"""The field of a tf.SequenceExample that a tf.Example lacks."""
CONTENT_TYPES = ("application/x-tfexample",)


def decode(payload: bytes, request: Request) -> list[Decoded | Keyed]:
    """One record: the payload."""
    return [record(payload, request)]


def record(data: bytes | memoryview, request: Request) -> Decoded | Keyed:
    """One tf.Example: its features by the signature's input names, or unchanged."""
    read = _reader(request)
    if read is None and not request.keys:
        return instance.from_bytes(data, request.signature)
    features: Mapping[str, memoryview] = {}
    try:
        features = example.parse(data)
        found: Decoded = read(features) if read else instance.from_bytes(data, request.signature)
    except (example.ExampleError, FitError) as error:
        found = BadRecord(code="InvalidRecord", message=f"{error}{_sequence(data)}")
    return request.keyed(_key(features, request.keys), found) if request.keys else found


@lru_cache(maxsize=64)
def _reader(request: Request) -> Callable[[Mapping[str, memoryview]], Instance] | None:
    """What reads the features; ``None`` for a model that parses the Examples itself."""
    if instance.takes_serialized_examples(request.signature, request.features):
        return None
    return instance.features_reader(request.signature, request.features)


def _sequence(data: bytes | memoryview) -> str:
    """A hint if a record is a tf.SequenceExample, whose context looks like a tf.Example."""
    try:
        has_lists = any(number == _FEATURE_LISTS for number, _, _ in wire.fields(memoryview(data)))
    except (wire.WireError, IndexError):
        has_lists = False
    hint = "; it may be a tf.SequenceExample, whose feature lists aren't read: write tf.Examples"
    return hint if has_lists else ""


def _key(features: Mapping[str, memoryview], names: Iterable[str]) -> dict[str, Any]:
    """The key features in JSON types: a value, or a list if there are several."""
    found: dict[str, Any] = {}
    for name in names:
        try:
            values = [
                str(value, "utf-8", "replace") if isinstance(value, memoryview) else value
                for value in example.feature(features, name)
            ]
        except example.ExampleError:
            continue
        found[name] = values[0] if len(values) == 1 else values
    return found
