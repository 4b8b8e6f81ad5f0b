"""Writes rows as JSON Lines, CSV or Parquet, while they arrive."""

from __future__ import annotations

import csv
import json
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from tfbatch.results.prediction import columns, named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tfbatch.results.rows import Row

_SAMPLE = 1000
"""Rows from which CSV and Parquet take their columns."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Start of a cell that spreadsheets would run (OWASP, "CSV Injection")."""


_SPECIAL = ("NaN", "Infinity", "-Infinity")
_ALWAYS = ("input", "record", "error")


class ColumnError(ValueError):
    """A row doesn't fit the columns of those before."""


def write_jsonl(rows: Iterable[Row], path: Path) -> int:
    """A document for each row: ``input``, ``record``, key fields, and outputs or ``error``."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            document = _flat(row)
            if row.error is None:
                del document["error"]
            file.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count


def write_csv(rows: Iterable[Row], path: Path) -> int:
    """A header and a line for each row. Lists and objects are JSON, and formulas are escaped."""
    rows = iter(rows)
    sample = [_flat(row) for row in islice(rows, _SAMPLE)]
    names = _names(sample)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([_cell(name) for name in names])
        for row in chain(sample, map(_flat, rows)):
            _refuse_others(row, names)
            writer.writerow([_cell(row.get(name)) for name in names])
            count += 1
    return count


def write_parquet(rows: Iterable[Row], path: Path) -> int:
    """Typed columns, compressed with Zstandard, in row groups of some thousand rows."""
    import pyarrow as pa  # noqa: PLC0415 # a third of a second
    from pyarrow import parquet  # noqa: PLC0415

    flat = map(_flat, rows)
    sample = list(islice(flat, _SAMPLE))
    names = _names(sample)
    numeric = {name for name in names if any(_has_number(row.get(name)) for row in sample)}
    sample = [_with_numbers(row, numeric) for row in sample]
    table = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in sample])
    schema = pa.schema([_typed(pa, field) for field in table.schema])
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        rest = (_with_numbers(row, numeric) for row in flat)
        for batch in _batches(chain(sample, rest)):
            for row in batch:
                _refuse_others(row, names)
            try:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                first = f"{batch[0]['input']}, record {batch[0]['record']}"
                raise ColumnError(f"from {first} on: {error}") from error
            count += len(batch)
    return count


def _has_number(value: Any) -> bool:  # noqa: ANN401 # any JSON
    if isinstance(value, list):
        return any(map(_has_number, value))
    return isinstance(value, float)


def _with_numbers(row: dict[str, Any], numeric: set[str]) -> dict[str, Any]:
    """Columns of numbers without text: the handler writes NaN and infinities as strings."""
    return {name: _number(one) if name in numeric else one for name, one in row.items()}


def _number(value: Any) -> Any:  # noqa: ANN401 # any JSON
    if isinstance(value, list):
        return [_number(item) for item in value]
    return float(value) if value in _SPECIAL else value


def _typed(pa: Any, field: Any) -> Any:  # noqa: ANN401 # pyarrow publishes no types
    """A column without values so far is text, because errors come later; the record is a number."""
    if field.name == "record":
        return pa.field("record", pa.int64())
    return pa.field(field.name, pa.string()) if pa.types.is_null(field.type) else field


def _flat(row: Row) -> dict[str, Any]:
    always = {"input": row.input, "record": row.record, "error": row.error, **named(row.key)}
    found = {} if row.error is not None else columns(row.prediction)
    return always | named(found, always)


def _names(sample: Iterable[dict[str, Any]]) -> list[str]:
    """Every column, in order of appearance."""
    named = (name for row in sample for name in row)
    return list(dict.fromkeys([*_ALWAYS, *named]))


def _refuse_others(row: dict[str, Any], names: list[str]) -> None:
    others = row.keys() - set(names)
    if others:
        raise ColumnError(
            f"{row['input']}, record {row['record']} has {', '.join(sorted(others))}, which no row "
            f"among the first {_SAMPLE:,} had"
        )


def _cell(value: Any) -> Any:  # noqa: ANN401 # any JSON
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, 4 * _SAMPLE)):
        yield batch
