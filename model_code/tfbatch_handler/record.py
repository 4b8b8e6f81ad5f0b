"""The states of a record: an instance to predict, a prediction, or an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tfbatch_handler.signature import STRING


@dataclass(frozen=True, kw_only=True, slots=True)
class BadRecord:
    """The error of one record, which takes the place of its prediction."""

    code: str
    """``InvalidRecord``: it can't be decoded; ``TornFrame``: its framing is damaged; ``Refused``:
    TensorFlow Serving refused it."""
    message: str

    def error(self, number: int) -> dict[str, object]:
        """The content of its error line. ``number`` counts the payload's records from 0."""
        return {"error": {"code": self.code, "message": self.message, "record": number}}


class Values(NamedTuple):
    """The values of one record for one input tensor, in row-major order.

    There is one for each input of each record. A named tuple is made in a third of the time that a
    frozen dataclass takes.
    """

    dtype: str
    """As in the signature: ``STRING``, ``FLOAT``, ``INT64``..."""
    shape: tuple[int, ...]
    """Shape of one record, without the batch dimension."""
    items: Sequence[str | bytes | memoryview] | Sequence[float]
    """Numbers may be a ``memoryview`` of their own type."""
    nested: Any = None
    """The same as JSON in lists of ``shape``, if it is at hand."""

    def copied(self) -> Values:
        """The same values, without the payload that they may be views of."""
        items: Any = [bytes(item) if isinstance(item, memoryview) else item for item in self.items]
        return self._replace(items=items)

    @property
    def size(self) -> int:
        """About its bytes."""
        items: Sequence[Any] = self.items
        return sum(map(len, items)) if self.dtype == STRING else 8 * len(items)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A whole request in TensorFlow Serving's JSON, forwarded unchanged."""

    body: bytes
    action: str
    """``predict``, ``classify`` or ``regress``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyed:
    """A record with the fields that come back in its line."""

    key: Mapping[str, Any]
    """In JSON types; ``None`` for a field that the record lacks."""
    record: Decoded


Instance = bytes | Mapping[str, Values]
"""A record to predict: values by input, or an element of ``instances`` as compact JSON."""
Decoded = Instance | BadRecord
if TYPE_CHECKING:
    Scores = memoryview[float]
else:
    Scores = memoryview  # can't be subscripted before Python 3.14
Prediction = bytes | Scores
"""An element of ``predictions`` as compact JSON, or the scores of one output as float32."""
Row = Prediction | BadRecord
"""A prediction, or the error in its place."""
