"""What a prediction's line says: TensorFlow Serving's reply, the likeliest classes, or fields."""

from __future__ import annotations

import heapq
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tfbatch_handler.signature import FLOATS, SignatureError
from tfbatch_handler.text import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tfbatch_handler.signature import Signature


class Output(Protocol):
    """One way to say a prediction."""

    def line(self, row: bytes) -> bytes:
        """As compact JSON."""
        ...

    def cells(self, row: bytes) -> list[Any]:
        """As the cells of a CSV row."""
        ...


class Raw:
    """TensorFlow Serving's reply for this record alone."""

    def line(self, row: bytes) -> bytes:
        """``{"predictions":[…]}``, the row as it came."""
        return b'{"predictions":[%b]}' % row

    def cells(self, row: bytes) -> list[Any]:
        """Every value, outputs in the order of their names."""
        return list(_flat(json.loads(row)))


@dataclass(frozen=True, kw_only=True, slots=True)
class TopK:
    """The ``k`` likeliest classes, best first."""

    k: int
    scores: str | None
    """The output that holds a score per class; ``None`` when it is the only one and has no name."""
    labels: Sequence[str]

    def line(self, row: bytes) -> bytes:
        """``{"top_k":[{"class":281,"label":"tabby","probability":0.93},…]}``."""
        return b'{"top_k":%b}' % dumps(self._best(row))

    def cells(self, row: bytes) -> list[Any]:
        """Class, label (if there are labels) and probability, best first."""
        return [value for entry in self._best(row) for value in entry.values()]

    def _best(self, row: bytes) -> list[dict[str, Any]]:
        value = json.loads(row)
        scores = value if self.scores is None else value[self.scores]
        best = heapq.nlargest(self.k, range(len(scores)), key=scores.__getitem__)
        return [self._entry(index, scores[index]) for index in best]

    def _entry(self, index: int, score: float) -> dict[str, Any]:
        label = {"label": self.labels[index]} if index < len(self.labels) else {}
        return {"class": index, **label, "probability": score}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fields:
    """Chosen outputs, under names of the deployer's."""

    names: Mapping[str, str]
    """Field -> output."""
    lone: bool
    """Whether the signature has a single output, whose rows have no names."""

    def line(self, row: bytes) -> bytes:
        """``{"<field>":<output>,…}``."""
        return dumps(self._chosen(row))

    def cells(self, row: bytes) -> list[Any]:
        """The fields' values, in the order they were chosen."""
        return list(_flat(list(self._chosen(row).values())))

    def _chosen(self, row: bytes) -> dict[str, Any]:
        value = json.loads(row)
        return {field: value if self.lone else value[name] for field, name in self.names.items()}


def _flat(value: Any) -> Iterator[Any]:  # noqa: ANN401  JSON
    if isinstance(value, dict):
        value = [value[name] for name in sorted(value)]
    if not isinstance(value, list):
        yield value
        return
    for item in value:
        yield from _flat(item)


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


def fields_of(signature: Signature, names: Mapping[str, str]) -> Fields:
    """The chosen outputs; all of them when none are chosen.

    Raises:
        SignatureError: an output is chosen that the signature does not have.
    """
    unknown = sorted(set(names.values()) - set(signature.outputs))
    if unknown:
        raise SignatureError(
            f"the fields name the outputs {', '.join(unknown)}, and the model gives {signature}"
        )
    chosen = names or {name: name for name in sorted(signature.outputs)}
    return Fields(names=chosen, lone=len(signature.outputs) == 1)


def read_labels(file: Path) -> tuple[str, ...]:
    """The class names of ``file``, one a line; none when it is not there."""
    try:
        return tuple(file.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return ()
