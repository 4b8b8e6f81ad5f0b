"""One serialized tf.train.Example or SequenceExample (SplitType TFRecord, SingleRecord)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tfbatch_handler import instance
from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.protobuf import example
from tfbatch_handler.record import BadRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded, Instance, Keyed

CONTENT_TYPES = ("application/x-tfexample",)


def decode(payload: bytes, request: Request) -> list[Decoded | Keyed]:
    """One record: the payload."""
    return [record(payload, request)]


def record(data: bytes | memoryview, request: Request) -> Decoded | Keyed:
    """One tf.Example or tf.SequenceExample: its features by the inputs' names, or unchanged."""
    read = _reader(request)
    if read is None and not request.keys:
        return instance.from_bytes(data, request.signature)
    features: Mapping[str, example.Feature] = {}
    try:
        features = example.parse(data)
        found: Decoded = read(features) if read else instance.from_bytes(data, request.signature)
    except (example.ExampleError, FitError) as error:
        found = BadRecord(code="InvalidRecord", message=str(error))
    return request.keyed(_key(features, request.keys), found) if request.keys else found


@lru_cache(maxsize=64)
def _reader(request: Request) -> Callable[[Mapping[str, example.Feature]], Instance] | None:
    """What reads the features; ``None`` for a model that parses the Examples itself."""
    if instance.takes_serialized_examples(request.signature, request.features):
        return None
    return instance.features_reader(request.signature, request.features)


def _key(features: Mapping[str, example.Feature], names: Iterable[str]) -> dict[str, Any]:
    """The key features in JSON types: a value, or a list if there are several."""
    found: dict[str, Any] = {}
    for name in names:
        try:
            values = _plain(example.feature(features, name))
        except example.ExampleError:
            continue
        found[name] = values[0] if len(values) == 1 else values
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401  JSON
    if isinstance(value, list):
        return list(map(_plain, value))
    return str(value, "utf-8", "replace") if isinstance(value, memoryview) else value
