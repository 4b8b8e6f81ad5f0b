"""Recognizes the handler's error lines in every output format.

JSON: ``{"error": {"code": …, "message": …, "record": …}}``. Images before 2.20 write TensorFlow
Serving's ``{"error": "…"}``. CSV: ``error,<code>,<message>``. A format with key fields adds
``key``, and their cells before the row. If DataProcessing joined the line
with its input, the error is the value of ``SageMakerOutput``, or the last cells of the row.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import Any, Final

ErrorOf = Callable[[bytes], str | None]
"""Returns the error of a line, or ``None`` for a prediction."""

LINE_BYTES: Final = 64 * 1024
"""Bytes of a line that are examined: a prediction may have megabytes, an error has a sentence."""
JOINED_LINE_BYTES: Final = 6 * 1024 * 1024
"""The same for a line that starts with its input."""
_CELLS: Final = 3


def error_of(line: bytes) -> str | None:
    """The error of a JSON line. A model's own output named ``error`` is a number or an array."""
    if not line.startswith(b'{"error"'):
        return None
    try:
        document = json.loads(line)
    except ValueError:
        return line.decode("utf-8", "replace")[:500] if len(line) == LINE_BYTES else None
    return _said(document)


def joined_error_of(line: bytes) -> str | None:
    """The error of a JSON line that also has its input."""
    if b'"SageMakerOutput"' not in line or b'"error"' not in line:
        return None
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return _said(document.get("SageMakerOutput")) if isinstance(document, dict) else None


def csv_error_of(line: bytes) -> str | None:
    """The error of a CSV row without its input."""
    return _row(line, joined=False) if line.startswith(b"error,") else None


def joined_csv_error_of(line: bytes) -> str | None:
    """The error of a CSV row that starts with its input's cells."""
    return _row(line, joined=True) if b",error," in line else None


def error_reader(answers: str, *, joined: bool) -> ErrorOf:
    """The reader for an output type.

    Args:
        answers: the format's ``Accept``, empty if it has none.
        joined: whether each line starts with its input, or with key fields in CSV.
    """
    if answers.startswith("text/csv"):
        return joined_csv_error_of if joined else csv_error_of
    return joined_error_of if joined else error_of


def _said(document: Any) -> str | None:  # noqa: ANN401 (any JSON)
    if not isinstance(document, dict) or not {"error"} <= document.keys() <= {"error", "key"}:
        return None
    error = document["error"]
    if isinstance(error, dict) and {"code", "message"} <= error.keys():
        return f"{error['code']}: {error['message']}"
    return error if isinstance(error, str) else None


def _row(line: bytes, *, joined: bool) -> str | None:
    cells = next(csv.reader([line.decode("utf-8", "replace")]), [])
    told = cells[-_CELLS:] if joined else cells
    if len(told) != _CELLS or told[0] != "error":
        return None
    return f"{told[1]}: {told[2]}"
