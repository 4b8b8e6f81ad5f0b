"""The states of a record: an instance to predict, a prediction, or an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING


@dataclass(frozen=True, kw_only=True, slots=True)
class BadRecord:
    """Why one record has no prediction; takes its place among its neighbors' predictions."""

    code: str
    """``InvalidRecord``: it could not be decoded; ``TornFrame``: its framing is damaged;
    ``Refused``: TensorFlow Serving refused it."""
    message: str

    def error(self, number: int) -> dict[str, object]:
        """What its line says, where ``number`` counts the payload's records from 0."""
        return {"error": {"code": self.code, "message": self.message, "record": number}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Values:
    """One record's part of one input tensor, in row-major order."""

    dtype: str
    """As the signature says it: ``STRING``, ``FLOAT``, ``INT64``..."""
    shape: tuple[int, ...]
    """Of one record, without the batch."""
    items: Sequence[bytes | memoryview] | Sequence[float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A whole request in TensorFlow Serving's own JSON, to be passed on as it is."""

    body: bytes
    action: str
    """``predict``, ``classify`` or ``regress``."""


Instance = bytes | Mapping[str, Values]
"""A record to predict: values by input, or an element of ``instances`` as compact JSON."""
Decoded = Instance | BadRecord
if TYPE_CHECKING:
    Scores = memoryview[float]
else:
    Scores = memoryview  # can't be subscripted before Python 3.14
Prediction = bytes | Scores
"""An element of ``predictions`` as compact JSON, or one output's scores alone, as float32."""
Row = Prediction | BadRecord
"""A prediction, or why there is none."""
