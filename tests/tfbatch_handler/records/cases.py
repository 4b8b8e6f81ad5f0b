"""Records in every format, and what the model's inputs must be for each, or the error's words."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.tfbatch_handler.serving import example, tfrecord

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).parent
LINES, CSV, HEADER = "application/jsonlines", "text/csv", "text/csv; header=present"
EXAMPLES, NPY, JSON = "application/x-tfrecord", "application/x-npy", "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A payload, and for each of its records the inputs (by hand) or a part of its error."""

    name: str
    model: str
    kind: str
    payload: bytes
    records: Sequence[dict[str, Any] | str]


def file(name: str, model: str, kind: str, *records: dict[str, Any] | str) -> Case:
    payload = (FOLDER / name).read_bytes()
    return Case(name=name, model=model, kind=kind, payload=payload, records=records)


def lines(name: str, model: str, *pairs: tuple[str, Any]) -> Case:
    """JSON Lines for the input ``x``: the text of each line, and its value or error."""
    payload = "\n".join(text for text, _ in pairs).encode()
    return Case(name=name, model=model, kind=LINES, payload=payload, records=_records(pairs))


def cells(name: str, model: str, *pairs: tuple[str, Any]) -> Case:
    payload = "x\n" + "\n".join(text for text, _ in pairs)
    return Case(
        name=name, model=model, kind=HEADER, payload=payload.encode(), records=_records(pairs)
    )


def examples(name: str, model: str, *pairs: tuple[Any, Any]) -> Case:
    payload = b"".join(tfrecord(example(x=value)) for value, _ in pairs)
    return Case(name=name, model=model, kind=EXAMPLES, payload=payload, records=_records(pairs))


def npy(name: str, model: str, array: np.ndarray[Any, Any], *records: object) -> Case:
    stream = io.BytesIO()
    np.save(stream, array)
    pairs = [(None, record) for record in records]
    return Case(
        name=name, model=model, kind=NPY, payload=stream.getvalue(), records=_records(pairs)
    )


class Error(str):
    """A part of the record's error."""

    __slots__ = ()


def _records(pairs: Sequence[tuple[Any, Any]]) -> list[dict[str, Any] | str]:
    return [value if isinstance(value, Error) else {"x": value} for _, value in pairs]


def _table(age: float, income: float, visits: float) -> dict[str, Any]:
    return {"age": [age], "income": [income], "visits": [visits]}


def _text(text: str) -> dict[str, Any]:
    return {"text": [text]}


NUMBERS = [("3", 3.0), ("3.0", 3.0), ("3e0", 3.0), ("-2.50", -2.5), ("16777217", 16777216.0)]
WHOLE = [("3", 3), ("3.0", 3), ("3e0", 3), ("-7", -7), ("9007199254740993", 9007199254740993)]
NOT_WHOLE = [
    ("3.5", Error("not a whole number")),
    ("9223372036854775808", Error("outside the range of int64")),
    ("1e99999", Error("")),
]
TRUTH = [("true", True), ("false", False), ("1", True), ("0.0", False)]

CASES = [
    file(
        *("tabular.jsonl", "tabular", LINES),
        _table(30, 50000, 3),
        _table(41, 72000.5, 1),
        "the record has no 'visits'",
        "'age' is null, which is no value",
        _table(30, 50000, 3),
    ),
    file("tabular-literal.jsonl", "tabular", LINES, _table(30, 50000, 3)),
    file(
        *("tabular-bad.csv", "counted", HEADER),
        _table(30, 50000, 3),
        "'age' is '', which is no value",
        "'age' is 'NA', which is no value",
        "there is none for 'visits'",
        "'income' is '50,000', which is not a number, and the model takes float[?,1]: write a "
        "number such as 50000",
    ),
    file(
        *("text.jsonl", "text", LINES),
        *map(_text, ("good film", "bad film", "the plot is great", "awful, boring")),
        _text("emoji 😀 é"),
        "there is no input 'review'",
    ),
    file(
        *("ids.jsonl", "ids", LINES),
        *({"ids": row} for row in ([1, 2, 3], [4], [5, 6, 7, 8, 9], [])),
        "'ids' is 'x', which is not a number",
        "'ids' is 1.5, which is not a whole number",
    ),
    file(
        *("ids-and-mask.jsonl", "ids_and_mask", LINES),
        {"ids": [1, 2, 3], "mask": [1, 1, 0]},
        {"ids": [5], "mask": [1]},
        {"ids": [9, 8], "mask": [1, 1]},
    ),
    lines(
        *("floats in JSON", "float"),
        *NUMBERS,
        *((f'"{text}"', value) for text, value in NUMBERS),
        *[("true", 1.0), ("NaN", nan), ("-Infinity", -inf), ('"inf"', inf)],
        *[("[[3]]", 3.0), ('{"x": 3, "y": [1]}', 3.0), ('" 5"', 5.0)],
        *[("1e39", Error("outside the range of float")), ('"1_000"', Error("not a number"))],
        *[('"1e999"', Error("outside the range")), ('"2026-01-01"', Error("not a number"))],
        *[('""', Error("no value")), ("[]", Error("an empty list")), ("{}", Error("no 'x'"))],
        *[("[1, 2]", Error("a list of 2 values")), ('{"x": {}}', Error("not a number"))],
        *[("", Error("not JSON")), ("[" * 100_000, Error("nested too deeply"))],
        *[("9" * 5000, Error("not JSON")), ("1" * 400, Error("outside the range"))],
    ),
    cells(
        *("floats in CSV", "float"),
        *NUMBERS,
        *[("True", 1.0), ("nan", nan), ("-inf", -inf), (" 5", 5.0)],
        *[("1e39", Error("outside the range of float")), ("1_000", Error("not a number"))],
        *[("1e999", Error("outside the range")), ("2026-01-01", Error("not a number"))],
        *[("nil", Error("not a number")), ('""', Error("no value")), ("NA", Error("no value"))],
    ),
    examples(
        *("floats in Examples", "float"),
        *[([3.0], 3.0), ([3], 3.0), (b"-2.50", -2.5), (b"true", 1.0), (b"NA", Error("no value"))],
        *[([], Error("an empty list")), ([nan], nan), ([1.0, 2.0], Error("2 values"))],
        *[([16777217], 16777216.0)],
    ),
    npy("floats in NumPy", "float", np.array([3, -2.5, nan]), 3.0, -2.5, nan),
    npy("booleans in NumPy for floats", "float", np.array([True, False]), 1.0, 0.0),
    npy("doubles in NumPy that are no floats", "float", np.array([1e39]), Error("outside")),
    lines("integers in JSON", "int64", *WHOLE, *NOT_WHOLE, ("true", 1), ("NaN", Error("whole"))),
    lines("integers as text", "int64", *((f'"{text}"', value) for text, value in WHOLE)),
    cells("integers in CSV", "int64", *WHOLE, *NOT_WHOLE, ("False", 0), ("nan", Error("whole"))),
    examples(
        *("integers in Examples", "int64"),
        *[
            ([3.0], 3),
            ([1 << 62], 1 << 62),
            ([2.5], Error("whole")),
            (b"9007199254740993", 2**53 + 1),
        ],
    ),
    npy("integers in NumPy", "int64", np.array([3.0, 2.5]), 3, Error("not a whole number")),
    lines("floats beyond 2^53", "int64", ("1e17", Error("may have been rounded"))),
    lines(
        "small integers", "uint8", ("255", 255), ("256", Error("outside")), ("-1", Error("outside"))
    ),
    lines("large integers", "uint64", ("18446744073709551615", (1 << 64) - 1)),
    lines("doubles", "double", ("1e39", 1e39), ("9007199254740993", 9007199254740992.0)),
    lines("booleans in JSON", "bool", *TRUTH, ("2", Error("neither true")), ('"True"', True)),
    cells("booleans in CSV", "bool", *TRUTH, ("TRUE", True), ("yes", Error("not a number"))),
    examples("booleans in Examples", "bool", ([1], True), ([0], False), (b"true", True)),
    lines(
        *("text in JSON", "string"),
        *[('""', ""), ('["a"]', "a"), ('{"b64": "YQ=="}', "a"), ('{"x": {"b64": "YQ"}}', "a")],
        *[("5", Error("not text")), ("null", Error("no value")), ('{"b64": "!"}', Error("base64"))],
        *[('"\\ud800"', Error("not Unicode")), ('"NaN"', "NaN")],
    ),
    cells("text in CSV", "string", ('""', ""), ("5", "5"), ("NA", "NA"), ('"a, b"', "a, b")),
    examples("text in Examples", "string", (b"a", "a"), (b"", ""), ([5], Error("not text"))),
    lines(
        *("a grid", "grid"),
        ("[[1,2,3],[4,5,6]]", [[1, 2, 3], [4, 5, 6]]),
        ("[1,2,3,4,5,6]", [[1, 2, 3], [4, 5, 6]]),
        ("[[[1,2,3],[4,5,6]]]", [[1, 2, 3], [4, 5, 6]]),
        ("[[1,2],[3,4],[5,6]]", Error("write a list of 2 lists of 3 numbers")),
        ("[[1,2,3],[4,5]]", Error("unequal length")),
        ("[[1,2,3],4]", Error("unequal length or depth")),
    ),
    Case(
        name="a grid in CSV",
        model="grid",
        kind=CSV,
        payload=b"1,2,3,4,5,6\n1,2,3\n",
        records=[{"x": [[1, 2, 3], [4, 5, 6]]}, "a list of 3 values"],
    ),
    examples("a grid in Examples", "grid", ([1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]])),
    lines(
        *("pairs", "pairs"),
        ("[[1,2]]", [[1, 2]]),
        ("[1,2,3,4]", [[1, 2], [3, 4]]),
        ("[1,2,3]", Error("write a list of any number of lists of 2 numbers")),
    ),
    lines("a column", "column", ("[1,2,3]", [[1], [2], [3]]), ("[[1,2,3]]", [[1], [2], [3]])),
    npy("a column in NumPy", "column", np.ones((2, 3)), [[1], [1], [1]], [[1], [1], [1]]),
    Case(
        name="a JSON list",
        model="column",
        kind=JSON,
        payload=json.dumps({"instances": [[1, 2, 3], [[4], [5], [6]]]}).encode(),
        records=[{"x": [[1], [2], [3]]}, {"x": [[4], [5], [6]]}],
    ),
]
