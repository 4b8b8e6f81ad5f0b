"""Joins rows into a response as the Accept header asks: JSON Lines, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.outputs.output import Raw
from tfbatch_handler.record import BadRecord
from tfbatch_handler.serving.json_text import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch_handler.outputs.output import Output
    from tfbatch_handler.record import Row

JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonlines"
CSV: Final = "text/csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class Accept:
    """The formats of a request and of its response."""

    header: str
    """The request's Accept header."""
    sent: str
    """The request's Content-Type without parameters."""

    @property
    def kind(self) -> str:
        """JSON Lines or CSV if asked for, else JSON."""
        kind = self.header.partition(";")[0].strip().lower()
        return kind if kind in {JSON_LINES, CSV} else JSON

    @property
    def document(self) -> bool:
        """Whether one JSON document came and one must be returned, as TensorFlow Serving does."""
        return self.kind == JSON and self.sent == JSON


def encode(
    rows: Sequence[Row],
    output: Output,
    accept: Accept,
    keys: Sequence[Mapping[str, Any]] | None = None,
) -> tuple[bytes, str]:
    """The response's body and type.

    A line for each record, without a newline after the last, which Batch Transform adds; or one
    JSON document. With keys there are always lines, each with its own.
    """
    good = [row for row in rows if not isinstance(row, BadRecord)]
    if accept.kind == CSV:
        return _table(rows, output.cells(good), keys), CSV
    said = iter(output.lines(good))
    lines = [
        dumps(row.error(number)) if isinstance(row, BadRecord) else next(said)
        for number, row in enumerate(rows)
    ]
    if keys is not None:
        lines = [
            b'%b,"key":%b}' % (line[:-1], _key(key)) for key, line in zip(keys, lines, strict=True)
        ]
        return b"\n".join(lines), accept.kind
    return _document(rows, lines, output) if accept.document else b"\n".join(lines), accept.kind


def _document(rows: Sequence[Row], lines: Sequence[bytes], output: Output) -> bytes:
    if len(lines) == 1:
        return lines[0]
    if not isinstance(output, Raw):
        return b"[%b]" % b",".join(lines)
    items = (
        line if isinstance(row, BadRecord) else row for row, line in zip(rows, lines, strict=True)
    )
    return b'{"predictions":[%b]}' % b",".join(items)


def _key(key: Mapping[str, Any]) -> bytes:
    """As JSON; ``null`` for what JSON lacks, such as NaN."""
    try:
        return json.dumps(key, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):
        return json.dumps({name: _plain(value) for name, value in key.items()}).encode()


def _plain(value: Any) -> Any:  # noqa: ANN401  JSON
    return None if isinstance(value, (float, list, dict)) else value


def _table(
    rows: Sequence[Row], cells: Sequence[list[Any]], keys: Sequence[Mapping[str, Any]] | None
) -> bytes:
    text, said = io.StringIO(), iter(cells)
    writer = csv.writer(text, lineterminator="\n")
    for number, row in enumerate(rows):
        key = list(keys[number].values()) if keys is not None else []
        if isinstance(row, BadRecord):
            writer.writerow([*key, "error", row.code, " ".join(row.message.split())])
        else:
            writer.writerow([*key, *next(said)])
    return text.getvalue().removesuffix("\n").encode("utf-8", "backslashreplace")
