"""Parses an output line: a prediction as named values, or an error."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_RESERVED = ("input", "record", "error")
_KEY = "key"
TOP_K = "top_k"
PREDICTION = "prediction"
_JOINED = "SageMakerOutput"
"""What DataProcessing adds to the input's fields, in JSON."""
_ERROR_CELLS = 3
"""The handler's error in CSV: ``error,<code>,<message>``, after the input's cells if joined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A parsed line: a prediction or an error, and the record's key fields."""

    prediction: Any = None
    """In JSON types. A line that is not JSON (CSV, or a handler's own) is text."""
    error: str | None = None
    key: Mapping[str, Any] = field(default_factory=dict)


def parse(line: bytes) -> Line:
    """Parse a line of the handler, or a line that DataProcessing joined to its input."""
    try:
        document = json.loads(line)
    except ValueError:
        text = line.decode("utf-8", "replace")
        error = _csv_error(text)
        return Line(prediction=text) if error is None else Line(error=error)
    key: dict[str, Any] = {}
    if isinstance(document, dict) and isinstance(document.get(_KEY), dict) and len(document) > 1:
        key = document.pop(_KEY)
    answer = document.get(_JOINED, document) if isinstance(document, dict) else document
    error = _error(answer)
    return Line(prediction=document, key=key) if error is None else Line(error=error, key=key)


def _error(answer: Any) -> str | None:  # noqa: ANN401 # any JSON
    """The error of an answer. A model may also have an output named ``error``."""
    if not isinstance(answer, dict) or set(answer) != {"error"}:
        return None
    error = answer["error"]
    if isinstance(error, dict) and {"code", "message"} <= error.keys():
        return f"{error['code']}: {error['message']}"
    return error if isinstance(error, str) else None


def _csv_error(text: str) -> str | None:
    if not text.startswith("error,") and ",error," not in text:
        return None
    cells = next(csv.reader([text]), [])[-_ERROR_CELLS:]
    return f"{cells[1]}: {cells[2]}" if len(cells) == _ERROR_CELLS and cells[0] == "error" else None


def columns(prediction: Any) -> dict[str, Any]:  # noqa: ANN401 # any JSON
    """Spread a prediction over columns.

    ``top_k`` gives the best class as ``class``, ``label`` and ``probability``, and all in
    ``top_k``. TensorFlow Serving's reply gives a column for each output. A value without a name is
    ``prediction``. A joined line gives the input's fields, then these. A name that exists already
    is prefixed with ``output_``.
    """
    if isinstance(prediction, dict) and _JOINED in prediction:
        fields = {name: value for name, value in prediction.items() if name != _JOINED}
        return named(fields) | columns(prediction[_JOINED])
    if isinstance(prediction, dict) and set(prediction) == {"predictions"}:
        rows = prediction["predictions"]
        prediction = rows[0] if isinstance(rows, list) and len(rows) == 1 else rows
    if not isinstance(prediction, dict):
        return {PREDICTION: prediction}
    best = prediction.get(TOP_K)
    if isinstance(best, list) and best and isinstance(best[0], dict) and len(prediction) == 1:
        return {**best[0], TOP_K: best}
    return named(prediction)


def named(values: Mapping[str, Any], taken: Iterable[str] = _RESERVED) -> dict[str, Any]:
    """Values as columns of names that aren't taken."""
    return {f"output_{name}" if name in taken else name: one for name, one in values.items()}
