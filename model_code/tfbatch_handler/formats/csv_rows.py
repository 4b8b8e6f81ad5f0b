"""CSV: a record for each row. ``text/csv; header=present`` names the columns."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

from tfbatch_handler.record import BadRecord
from tfbatch_handler.serving.json_text import dumps
from tfbatch_handler.signature import INTEGERS, STRING, SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tfbatch_handler.formats import Request
    from tfbatch_handler.record import Decoded
    from tfbatch_handler.signature import Signature, Tensor

CONTENT_TYPES = ("text/csv",)

Row = list[str] | str
"""The cells of a row, or what is wrong with it."""


def decode(payload: bytes, request: Request) -> list[Decoded]:
    """Decode one record for each row. A row that is not CSV becomes a bad record.

    A model with one input gets the row's values in order. For several inputs the header names the
    columns.

    Raises:
        SignatureError: the model has several inputs and there is no header.
    """
    text = payload.decode("utf-8-sig", "surrogateescape")
    rows = list(_rows(io.StringIO(text, newline="")))
    header: Row = rows.pop(0) if rows and request.parameters.get("header") == "present" else []
    if isinstance(header, str):
        return [BadRecord(code="InvalidRecord", message=f"the header is {header}")]
    to_instance = _mapping(request.signature, header)
    return [_record(row, to_instance) for row in rows]


def _rows(text: io.StringIO) -> Iterator[Row]:
    reader = csv.reader(text, strict=True)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"not CSV: {error}"


def _record(row: Row, to_instance: Callable[[Sequence[str]], Any]) -> Decoded:
    try:
        if not isinstance(row, str):
            return dumps(to_instance(row))
        message = row
    except ValueError as error:
        message = str(error)
    return BadRecord(code="InvalidRecord", message=message)


def _mapping(signature: Signature, header: Sequence[str]) -> Callable[[Sequence[str]], Any]:
    if len(signature.inputs) == 1:
        tensor = next(iter(signature.inputs.values()))
        return lambda row: _shaped(row, tensor)
    missing = sorted(set(signature.inputs) - set(header))
    if missing:
        raise SignatureError(
            f"the model takes {signature} and the CSV has no column {', '.join(missing)}: give "
            "it a header row and set the job's ContentType to 'text/csv; header=present'"
        )
    columns = [(name, header.index(name), tensor) for name, tensor in signature.inputs.items()]
    return lambda row: {name: _shaped([_cell(row, at)], tensor) for name, at, tensor in columns}


def _cell(row: Sequence[str], at: int) -> str:
    if at >= len(row):
        raise ValueError(f"the row has {len(row)} columns, fewer than its header")
    return row[at]


def _shaped(cells: Sequence[str], tensor: Tensor) -> Any:  # noqa: ANN401  nested lists
    values: list[Any] = [_value(cell, tensor) for cell in cells]
    shape = (-1,) if tensor.shape is None else tensor.shape[1:]
    known = math.prod(size for size in shape if size >= 0)
    if not values or (len(values) % known if -1 in shape and known else len(values) != known):
        raise ValueError(f"the row has {len(values)} values, and the model takes {tensor}")
    for size in reversed(shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)]
    return values if shape else values[0]


def _value(cell: str, tensor: Tensor) -> str | float:
    if tensor.dtype == STRING:
        cell.encode()  # raises UnicodeEncodeError, a ValueError, for bytes that are not UTF-8
        return cell
    try:
        return int(cell) if tensor.dtype in INTEGERS else float(cell)
    except ValueError:
        raise ValueError(f"{cell!r} is not a number, and the model takes {tensor}") from None
