"""What a prediction's line says: TensorFlow Serving's reply as it is, or the likeliest classes."""

from __future__ import annotations

import heapq
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch_handler.instance import dumps
from tfbatch_handler.signature import FLOATS, SignatureError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfbatch_handler.signature import Signature


def raw(row: bytes) -> bytes:
    """TensorFlow Serving's reply for this record alone, on one line."""
    return b'{"predictions":[%b]}' % row


@dataclass(frozen=True, kw_only=True, slots=True)
class TopK:
    """The ``k`` likeliest classes of a row, best first."""

    k: int
    scores: str | None
    """The output that holds a score per class; ``None`` when it is the only one and has no name."""
    labels: Sequence[str]

    def __call__(self, row: bytes) -> bytes:
        """``{"top_k":[{"class":281,"label":"tabby","probability":0.93},…]}``."""
        value = json.loads(row)
        scores = value if self.scores is None else value[self.scores]
        best = heapq.nlargest(self.k, range(len(scores)), key=scores.__getitem__)
        return b'{"top_k":%b}' % dumps([self._entry(index, scores[index]) for index in best])

    def _entry(self, index: int, score: float) -> dict[str, object]:
        label = {"label": self.labels[index]} if index < len(self.labels) else {}
        return {"class": index, **label, "probability": score}


def scores_of(signature: Signature) -> str | None:
    """The output that holds a score per class: ``probabilities``, or the only vector of floats.

    Raises:
        SignatureError: there is none, or more than one.
    """
    if len(signature.outputs) == 1:
        return None
    vectors = [
        name
        for name, tensor in signature.outputs.items()
        if tensor.dtype in FLOATS and (tensor.shape is None or len(tensor.shape) == 2)  # noqa: PLR2004  batch and classes
    ]
    if "probabilities" in vectors:
        return "probabilities"
    if len(vectors) == 1:
        return vectors[0]
    raise SignatureError(
        f"top_k needs one output with a score per class, and the model gives {signature}: name it "
        "'probabilities', or set the output to raw"
    )


def read_labels(file: Path) -> tuple[str, ...]:
    """The class names of ``file``, one a line; none when it is not there."""
    try:
        return tuple(file.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return ()
