"""The likeliest classes of a prediction, with their names."""

from __future__ import annotations

import heapq
import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfbatch_handler.arrays import numpy
from tfbatch_handler.signature import FLOATS, SignatureError
from tfbatch_handler.text import dumps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfbatch_handler.record import Prediction, Scores
    from tfbatch_handler.signature import Signature

_FLOAT32 = struct.Struct("<f")


@dataclass(frozen=True, kw_only=True, slots=True)
class TopK:
    """The ``k`` likeliest classes, best first."""

    k: int
    output: str
    """The output that holds a score per class."""
    lone: bool
    """Whether it is the signature's only output, whose rows have no names."""
    is_float32: bool
    labels: Sequence[str]
    heads: dict[int, bytes] = field(default_factory=dict)
    """How the entries of classes begin, once they have been needed."""

    @property
    def scores(self) -> str | None:
        """The scores alone are enough."""
        return self.output if self.is_float32 else None

    def line(self, row: Prediction) -> bytes:
        """``{"top_k":[{"class":281,"label":"tabby","probability":0.93},…]}``."""
        entries = (
            b"%b%b}" % (self.heads.get(index) or self._head(index), repr(score).encode())
            for index, score in self._best(row)
        )
        return b'{"top_k":[%b]}' % b",".join(entries)

    def cells(self, row: Prediction) -> list[Any]:
        """Class, label (if there are labels) and probability, best first."""
        return [
            cell
            for index, score in self._best(row)
            for cell in (index, *self.labels[index : index + 1], score)
        ]

    def _head(self, index: int) -> bytes:
        label = {"label": self.labels[index]} if index < len(self.labels) else {}
        head = dumps({"class": index, **label, "probability": 0})[:-2]
        self.heads[index] = head
        return head

    def _best(self, row: Prediction) -> list[tuple[int, float]]:
        if isinstance(row, memoryview):
            return [(index, as_decimal(score)) for index, score in likeliest(row, self.k)]
        value = json.loads(row)
        scores = value if self.lone else value[self.output]
        return likeliest(scores, self.k)


def likeliest(scores: Sequence[float] | Scores, k: int) -> list[tuple[int, float]]:
    """The ``k`` highest scores with their indices, best first; of equals, the first."""
    np = numpy() if isinstance(scores, memoryview) and len(scores) > k else None
    if np is not None:
        array = np.frombuffer(scores, np.float32)
        found = (array >= np.partition(array, -k)[-k]).nonzero()[0]
        if len(found) >= k:  # not where there are NaNs
            best = sorted(zip((-array[found]).tolist(), found.tolist(), strict=True))
            return [(index, -negative) for negative, index in best[:k]]
    indices = heapq.nlargest(k, range(len(scores)), key=scores.__getitem__)
    return [(index, scores[index]) for index in indices]


def as_decimal(value: float) -> float:
    """A float32 in TensorFlow Serving's digits: six if they say it exactly, else nine."""
    short = float(f"{value:.6g}")
    if _FLOAT32.unpack(_FLOAT32.pack(short))[0] == value:
        return short
    return float(f"{value:.9g}")


def top_k_of(signature: Signature, *, k: int, labels: Sequence[str]) -> TopK:
    """The output with a score per class: ``probabilities``, or the only vector of floats.

    Raises:
        SignatureError: there is none, or more than one.
    """
    vectors = [
        name
        for name, tensor in signature.outputs.items()
        if tensor.dtype in FLOATS and (tensor.shape is None or len(tensor.shape) == 2)  # noqa: PLR2004  batch and classes
    ]
    if "probabilities" in vectors:
        vectors = ["probabilities"]
    if len(vectors) != 1:
        raise SignatureError(
            f"top_k needs one output with a score per class, and the model gives {signature}: "
            "name it 'probabilities', or set the output to raw"
        )
    return TopK(
        k=k,
        output=vectors[0],
        lone=len(signature.outputs) == 1,
        is_float32=signature.outputs[vectors[0]].dtype == "FLOAT",
        labels=labels,
    )


def read_labels(file: Path) -> tuple[str, ...]:
    """The class names of ``file``, one a line; none when it is not there."""
    try:
        return tuple(file.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return ()
