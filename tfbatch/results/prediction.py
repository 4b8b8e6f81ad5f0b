"""Parses an output line: a prediction as named values, or an error."""

from __future__ import annotations

import csv
import json
from typing import Any

_RESERVED = ("input", "record", "error")
TOP_K = "top_k"
PREDICTION = "prediction"
_JOINED = "SageMakerOutput"
"""What DataProcessing adds to the input's fields, in JSON."""
_ERROR_CELLS = 3
"""The handler's error in CSV: ``error,<code>,<message>``, after the input's cells if joined."""


def parse(line: bytes) -> tuple[Any, str | None]:
    """Parse a line of the handler, or a line that DataProcessing joined to its input.

    Returns:
        The prediction in JSON types and ``None``; or ``None`` and the error. A line that is not
            JSON (CSV, or a handler's own) is text.
    """
    try:
        document = json.loads(line)
    except ValueError:
        text = line.decode("utf-8", "replace")
        error = _csv_error(text)
        return (text, None) if error is None else (None, error)
    answer = document.get(_JOINED, document) if isinstance(document, dict) else document
    error = _error(answer)
    return (document, None) if error is None else (None, error)


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
        return _renamed(fields) | columns(prediction[_JOINED])
    if isinstance(prediction, dict) and set(prediction) == {"predictions"}:
        rows = prediction["predictions"]
        prediction = rows[0] if isinstance(rows, list) and len(rows) == 1 else rows
    if not isinstance(prediction, dict):
        return {PREDICTION: prediction}
    best = prediction.get(TOP_K)
    if isinstance(best, list) and best and isinstance(best[0], dict) and len(prediction) == 1:
        return {**best[0], TOP_K: best}
    return _renamed(prediction)


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    return {f"output_{name}" if name in _RESERVED else name: one for name, one in values.items()}
