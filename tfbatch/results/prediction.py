"""What an output's line says: a prediction as named values, or why there is none."""

from __future__ import annotations

import json
from typing import Any

_RESERVED = ("input", "record", "error")
TOP_K = "top_k"
PREDICTION = "prediction"


def parse(line: bytes) -> tuple[Any, str | None]:
    """Read a line as the handler writes it.

    Returns:
        The prediction in JSON's types, and ``None``; or ``None``, and the error in words. A line
        that is no JSON (CSV, or a handler's own) is a prediction that is text.
    """
    try:
        document = json.loads(line)
    except ValueError:
        return line.decode("utf-8", "replace"), None
    if isinstance(document, dict) and len(document) == 1 and "error" in document:
        error = document["error"]
        if isinstance(error, dict) and {"code", "message"} <= error.keys():
            return None, f"{error['code']}: {error['message']}"
        if isinstance(error, str):
            return None, error
    return document, None


def columns(prediction: Any) -> dict[str, Any]:  # noqa: ANN401 # any JSON
    """Spread a prediction over columns.

    ``top_k`` gives the best class as ``class``, ``label`` and ``probability``, and all in
    ``top_k``; TensorFlow Serving's own reply gives a column an output; a value without a name is
    ``prediction``. A name that the table has already gets ``output_`` before it.
    """
    if isinstance(prediction, dict) and set(prediction) == {"predictions"}:
        rows = prediction["predictions"]
        prediction = rows[0] if isinstance(rows, list) and len(rows) == 1 else rows
    if not isinstance(prediction, dict):
        return {PREDICTION: prediction}
    best = prediction.get(TOP_K)
    if isinstance(best, list) and best and isinstance(best[0], dict) and len(prediction) == 1:
        return {**best[0], TOP_K: best}
    return {
        f"output_{name}" if name in _RESERVED else name: value for name, value in prediction.items()
    }
