"""Formats a prediction for people: its likeliest classes, or a number."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Any

from tfbatch.results.prediction import TOP_K, columns

_CLASSES = 5
_PROBABILITIES = "probabilities"
_SUM_TOLERANCE = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """A class and its probability."""

    label: str
    probability: float


def guesses(prediction: Any) -> tuple[Guess, ...]:  # noqa: ANN401 # any JSON
    """The likeliest classes, the best first; none if it is not a classification."""
    named = columns(prediction)
    if TOP_K in named:
        return tuple(
            Guess(label=_label(one), probability=float(one["probability"]))
            for one in named[TOP_K][:_CLASSES]
            if isinstance(one.get("probability"), (int, float))
        )
    chosen = named.get("classes")
    scores = _scores(named)
    if isinstance(chosen, list) and len(chosen) == len(scores):  # chosen in the model's graph
        pairs = zip(chosen, scores, strict=True)
        return tuple(Guess(label=f"class {n}", probability=p) for n, p in pairs)[:_CLASSES]
    best = heapq.nlargest(_CLASSES, range(len(scores)), key=scores.__getitem__)
    return tuple(Guess(label=f"class {n}", probability=scores[n]) for n in best)


def _label(one: dict[str, Any]) -> str:
    return str(one.get("label") or f"class {one.get('class')}")


def _scores(named: dict[str, Any]) -> list[float]:
    """The output with a probability for each class: by its name, or by its sum of 1."""
    if _is_vector(named.get(_PROBABILITIES)):
        return list(named[_PROBABILITIES])
    for value in named.values():
        if _is_vector(value) and min(value) >= 0 and abs(sum(value) - 1) < _SUM_TOLERANCE:
            return list(value)
    return []


def _is_vector(value: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(one, (int, float)) and math.isfinite(one) for one in value)
    )


def numbers(prediction: Any) -> dict[str, float]:  # noqa: ANN401
    """Every output that is one number, or a list of one."""
    found = {}
    for name, value in columns(prediction).items():
        one = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(one, (int, float)) and not isinstance(one, bool) and math.isfinite(one):
            found[name] = float(one)
    return found
