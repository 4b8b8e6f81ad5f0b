"""Puts rows together as the Accept header wants them: JSON lines, one JSON document, or CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from tfbatch_handler.output import Raw
from tfbatch_handler.record import BadRecord
from tfbatch_handler.text import dumps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch_handler.output import Output
    from tfbatch_handler.record import Row

JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonlines"
CSV: Final = "text/csv"


def encode(rows: Sequence[Row], output: Output, *, accept: str, sent: str) -> tuple[bytes, str]:
    """The response's body and type.

    Args:
        rows: of one payload.
        output: how a prediction is said.
        accept: the request's Accept header.
        sent: the request's Content-Type, without its parameters.

    Returns:
        A line per record, without a newline after the last: Batch Transform adds it. A JSON
        document is answered with one JSON document, as TensorFlow Serving does, unless JSON lines
        are asked for.
    """
    kind = accept.partition(";")[0].strip().lower()
    if kind == CSV:
        return _table(rows, output), CSV
    lines = [
        dumps(row.error(number)) if isinstance(row, BadRecord) else output.line(row)
        for number, row in enumerate(rows)
    ]
    if kind == JSON_LINES or sent != JSON:
        return b"\n".join(lines), JSON_LINES if kind == JSON_LINES else JSON
    return _document(rows, lines, output), JSON


def _document(rows: Sequence[Row], lines: Sequence[bytes], output: Output) -> bytes:
    if len(lines) == 1:
        return lines[0]
    if not isinstance(output, Raw):
        return b"[%b]" % b",".join(lines)
    items = (
        line if isinstance(row, BadRecord) else row for row, line in zip(rows, lines, strict=True)
    )
    return b'{"predictions":[%b]}' % b",".join(items)


def _table(rows: Sequence[Row], output: Output) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        if isinstance(row, BadRecord):
            writer.writerow(["error", row.code, " ".join(row.message.split())])
        else:
            writer.writerow(output.cells(row))
    return text.getvalue().removesuffix("\n").encode()
