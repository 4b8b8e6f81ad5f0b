"""CSV: a record for each row. ``text/csv; header=present`` names the columns.

Where Batch Transform splits a file into lines, only its first request has the header. Then the
Content-Type names the columns: ``text/csv; columns=age,income``.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from tfbatch_handler.fitting.error import FitError
from tfbatch_handler.fitting.fit import fitter
from tfbatch_handler.instance import fields_reader
from tfbatch_handler.record import BadRecord
from tfbatch_handler.signature import SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded, Instance, Keyed
    from tfbatch_handler.signature import Signature

    Read = Callable[[list[str]], Instance]

CONTENT_TYPES = ("text/csv",)

_LARGEST_CELL: Final = 1 << 27
"""More than the largest payload; Python's limit is 128 KiB."""
csv.field_size_limit(_LARGEST_CELL)

Row = list[str] | str
"""The cells of a row, or what is wrong with it."""


def decode(payload: bytes, request: Request) -> list[Decoded | Keyed]:
    """Decode one record for each row. A row that is not CSV becomes a bad record.

    The header names the inputs' columns; others are left out. Without it, or if it doesn't name the
    only input, the row's values are those of the only input in order.

    Raises:
        SignatureError: the model has several inputs and there is no header.
    """
    rows = _rows(payload.decode("utf-8-sig", "surrogateescape"))
    has_header = rows and request.parameters.get("header") == "present"
    header: Row = request.columns or (rows.pop(0) if has_header else [])
    if isinstance(header, str):
        message = f"the header is {header}"
        return [request.keyed({}, BadRecord(code="InvalidRecord", message=message))]
    _check_keys(request.keys, header)
    read = _reader(request.signature, header, request.keys)
    records = [_record(row, read) for row in rows]
    if not request.keys:
        return records  # type: ignore[return-value]
    return [
        request.keyed({} if isinstance(row, str) else dict(zip(header, row, strict=False)), record)
        for row, record in zip(rows, records, strict=True)
    ]


def _check_keys(keys: Iterable[str], header: list[str]) -> None:
    missing = [name for name in keys if name not in header]
    if missing:
        raise SignatureError(
            f"the CSV has no column {', '.join(missing)}, which the format's keys name: give it a "
            "header row with these columns, or correct Format.keys"
        )


def _rows(text: str) -> list[Row]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return list(_each(text))


def _each(text: str) -> Iterator[Row]:
    """The rows, with an error in the place of each that is none."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"not CSV: {error}"


def _record(row: Row, read: Read) -> Decoded:
    try:
        if row and not isinstance(row, str):
            return read(row)
        message = row or "the row is empty"
    except FitError as error:
        message = str(error)
    return BadRecord(code="InvalidRecord", message=str(message))


def _reader(signature: Signature, header: list[str], keys: Iterable[str]) -> Read:
    missing = [name for name in signature.inputs if name not in header]
    if not missing:
        fields = fields_reader(signature)
        return lambda row: fields(_named(row, header))
    if len(signature.inputs) > 1:
        raise SignatureError(
            f"the model takes {signature} and the CSV has no column {', '.join(missing)}: give "
            "it a header row and set the job's ContentType to 'text/csv; header=present'"
        )
    name, tensor = next(iter(signature.inputs.items()))
    fit = fitter(name, tensor)
    named = set(header).difference(keys)

    def read(row: list[str]) -> Instance:
        cells = row
        if len(named) < len(header):
            cells = [cell for column, cell in _named(row, header).items() if column in named]
        lone = tensor.shape is None and len(cells) == 1
        return {name: fit(cells[0] if lone else cells)}

    return read


def _named(row: list[str], header: list[str]) -> dict[str, str]:
    if len(row) < len(header):
        raise FitError(
            f"the row has {len(row)} columns and its header {len(header)}: there is none for "
            f"{', '.join(map(repr, header[len(row) :]))}"
        )
    if len(row) > len(header):
        raise FitError(
            f"the row has {len(row)} columns and its header {len(header)}: "
            "write a text that holds commas in double quotes"
        )
    if row == header:
        raise FitError("the row is the header: give files without one, for their columns are named")
    return dict(zip(header, row, strict=True))
