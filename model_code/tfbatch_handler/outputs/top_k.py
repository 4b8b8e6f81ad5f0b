"""Finds the likeliest classes of a prediction and their labels."""

from __future__ import annotations

import heapq
import json
import math
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tfbatch_handler.arrays import numpy
from tfbatch_handler.serving.json_text import dumps
from tfbatch_handler.signature import FLOATS, INTEGERS, SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tfbatch_handler.record import Prediction, Scores
    from tfbatch_handler.signature import Signature

_pack, _unpack = struct.Struct("<f").pack, struct.Struct("<f").unpack


@dataclass(frozen=True, kw_only=True, slots=True)
class TopK:
    """The ``k`` likeliest classes, the best first."""

    k: int
    output: str
    """The output with a score for each class."""
    lone: bool
    """Whether it is the only output of the signature, whose rows have no names."""
    is_float32: bool
    labels: Sequence[str]
    heads: dict[int, bytes] = field(default_factory=dict)
    """The start of each class's entry, cached."""

    @property
    def scores(self) -> str | None:
        """The scores alone are enough."""
        return self.output if self.is_float32 else None

    def lines(self, rows: Sequence[Prediction]) -> list[bytes]:
        """``{"top_k":[{"class":281,"label":"tabby","probability":0.93},…]}`` for each."""
        return [
            b'{"top_k":[%b]}'
            % b",".join(
                b"%b%b}" % (self.heads.get(index) or self._head(index), score.encode())
                for index, score in best
            )
            for best in self._best(rows)
        ]

    def cells(self, rows: Sequence[Prediction]) -> list[list[Any]]:
        """Class, label (if there are labels) and probability, best first."""
        return [
            [
                cell
                for index, score in best
                for cell in (index, *self.labels[index : index + 1], score)
            ]
            for best in self._best(rows)
        ]

    def _head(self, index: int) -> bytes:
        label = {"label": self.labels[index]} if index < len(self.labels) else {}
        head = dumps({"class": index, **label, "probability": 0})[:-2]
        self.heads[index] = head
        return head

    def _best(self, rows: Sequence[Prediction]) -> Iterator[list[tuple[int, str]]]:
        scores = [row for row in rows if isinstance(row, memoryview)]
        if len(scores) == len(rows):
            for best in likeliest_of(scores, self.k):
                yield [(index, as_decimal(score)) for index, score in best]
            return
        for row in rows:
            value = json.loads(bytes(row))
            listed = value if self.lone else value[self.output]
            best = likeliest(list(map(float, listed)), self.k)  # "NaN" is text in JSON
            yield [(index, json.dumps(listed[index])) for index, _ in best]


def likeliest(scores: Sequence[float] | Scores, k: int) -> list[tuple[int, float]]:
    """The ``k`` highest scores with their indices, the best first. Of equal ones the first wins.

    NaN is lower than any.
    """
    key = scores.__getitem__
    if any(score != score for score in scores):  # noqa: PLR0124  NaN
        key = [-math.inf if math.isnan(score) else score for score in scores].__getitem__
    indices = heapq.nlargest(k, range(len(scores)), key=key)
    return [(index, scores[index]) for index in indices]


def likeliest_of(rows: Sequence[Scores], k: int) -> Iterable[list[tuple[int, float]]]:
    """The same for many rows, at once if NumPy is there."""
    np = numpy()
    if np is None or len({len(row) for row in rows}) != 1 or len(rows[0]) <= k:
        return [likeliest(row, k) for row in rows]
    table = np.stack([np.frombuffer(row, np.float32) for row in rows])
    numbers = np.arange(len(rows))
    indices, scores = [], []
    for _ in range(k):  # k passes take less than one partition, and keep the order of equals
        best = table.argmax(axis=1)
        indices.append(best)
        scores.append(table[numbers, best])
        table[numbers, best] = -np.inf
    if not all(np.isfinite(found).all() for found in scores):
        return [likeliest(row, k) for row in rows]
    pairs = zip(np.stack(indices, 1).tolist(), np.stack(scores, 1).tolist(), strict=True)
    return [list(zip(*pair, strict=True)) for pair in pairs]


def as_decimal(value: float) -> str:
    """A float32 with TensorFlow Serving's digits: six if they are exact, else nine."""
    if not math.isfinite(value):
        return json.dumps("NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity")
    text = f"{value:.6g}"
    if _unpack(_pack(float(text)))[0] != value:
        text = f"{value:.9g}"
    return text if "." in text or "e" in text else json.dumps(float(text))


def top_k_of(signature: Signature, *, k: int, labels: Sequence[str]) -> TopK:
    """The output with a score for each class: ``probabilities``, or the only vector of floats.

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
    chosen = signature.outputs.get("classes")
    scores = signature.outputs[vectors[0]]
    if chosen and scores.shape and chosen.shape == scores.shape and chosen.dtype in INTEGERS:
        raise SignatureError(
            f"the model chooses its likeliest classes itself ({signature}), where a score's place "
            "is no class's number: set the output to raw"
        )
    return TopK(
        k=k,
        output=vectors[0],
        lone=len(signature.outputs) == 1,
        is_float32=signature.outputs[vectors[0]].dtype == "FLOAT",
        labels=labels,
    )


def read_labels(file: Path) -> tuple[str, ...]:
    """The class names of ``file``, one on each line; none if it doesn't exist."""
    try:
        return tuple(file.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return ()
