"""One serialized tf.train.Example (SplitType TFRecord, SingleRecord)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler import instance
from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.protobuf import example
from tfbatch_handler.record import BadRecord

if TYPE_CHECKING:
    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded

CONTENT_TYPES = ("application/x-tfexample",)


def decode(payload: bytes, request: Request) -> list[Decoded]:
    """One record: the payload."""
    return [record(payload, request)]


def record(data: bytes | memoryview, request: Request) -> Decoded:
    """One tf.Example: its features by the signature's input names, or unchanged."""
    if instance.takes_serialized_examples(request.signature, request.features):
        return instance.from_bytes(data, request.signature)
    try:
        return instance.from_features(
            example.parse(data), signature=request.signature, names=request.features
        )
    except (example.ExampleError, FitError) as error:
        return BadRecord(code="InvalidRecord", message=str(error))
