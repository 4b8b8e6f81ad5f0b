"""Rows as files: what a program reads back is what was predicted."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pyarrow import parquet

from tfbatch.results.prediction import Line, columns, parse
from tfbatch.results.rows import Row, in_order
from tfbatch.results.sinks import ColumnError, write_csv, write_jsonl, write_parquet

if TYPE_CHECKING:
    from pathlib import Path

CAT = {"class": 282, "label": "tiger cat", "probability": 0.5}
DOG = {"class": 207, "label": "=dog()", "probability": 0.25}
ROWS = (
    Row(input="s3://b/a.tfrecord", record=0, prediction={"top_k": [CAT, DOG]}),
    Row(input="s3://b/a.tfrecord", record=1, error="InvalidRecord: no image"),
    Row(input='s3://b/b\n,".tfrecord', record=0, prediction={"top_k": [DOG, CAT]}),
    Row(input="s3://b/c.tfrecord", record=None, error="the job ended Failed"),
)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_parquet_has_typed_columns_and_every_row(tmp_path: Path) -> None:
    assert write_parquet(ROWS, tmp_path / "p") == 4
    found = parquet.read_table(tmp_path / "p").to_pylist()
    assert [row["input"] for row in found] == [row.input for row in ROWS]
    assert [row["record"] for row in found] == [0, 1, 0, None]
    assert [row["class"] for row in found] == [282, None, 207, None]
    assert found[0]["top_k"] == [CAT, DOG]
    assert found[1]["error"] == "InvalidRecord: no image"


def test_csv_disarms_formulas_and_quotes_what_needs_it(tmp_path: Path) -> None:
    assert write_csv(ROWS, tmp_path / "c") == 4
    found = read_csv(tmp_path / "c")
    assert [row["label"] for row in found] == ["tiger cat", "", "'=dog()", ""]
    assert found[2]["input"] == ROWS[2].input
    assert json.loads(found[0]["top_k"]) == [CAT, DOG]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_of_text_begins_as_a_formula(tmp_path: Path, text: str) -> None:
    write_csv([Row(input=text, record=0, prediction={"predictions": [-1.5]})], tmp_path / "c")
    (row,) = read_csv(tmp_path / "c")
    assert row["input"] == f"'{text}"
    assert row["prediction"] == "-1.5"


def test_json_lines_have_a_field_for_each_output(tmp_path: Path) -> None:
    write_jsonl(ROWS, tmp_path / "j")
    found = [json.loads(line) for line in (tmp_path / "j").read_text().splitlines()]
    assert found[2] == {"input": ROWS[2].input, "record": 0, **DOG, "top_k": [DOG, CAT]}
    assert found[3] == {"input": ROWS[3].input, "record": None, "error": "the job ended Failed"}


def test_key_fields_are_columns_of_predictions_and_of_errors(tmp_path: Path) -> None:
    keyed = [
        Row(input="a", record=0, prediction={"y": 1.5}, key={"id": "x", "error": 1}),
        Row(input="a", record=1, error="Refused: no", key={"id": "z", "error": 2}),
        Row(input="a", record=2, prediction={"id": 7.5, "y": "NaN"}, key={"id": "w"}),
    ]
    write_jsonl(keyed, tmp_path / "j")
    found = [json.loads(line) for line in (tmp_path / "j").read_text().splitlines()]
    assert found == [
        {"input": "a", "record": 0, "id": "x", "output_error": 1, "y": 1.5},
        {"input": "a", "record": 1, "id": "z", "output_error": 2, "error": "Refused: no"},
        {"input": "a", "record": 2, "id": "w", "output_id": 7.5, "y": "NaN"},
    ]
    write_parquet(keyed, tmp_path / "p")
    rows = parquet.read_table(tmp_path / "p").to_pylist()
    assert [row["id"] for row in rows] == ["x", "z", "w"]
    assert rows[2]["y"] != rows[2]["y"]  # NaN


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_a_row_that_fits_no_column_is_named_not_dropped(write: Any, tmp_path: Path) -> None:  # noqa: ANN401
    some = [Row(input="a", record=n, prediction={"y": 1.0}) for n in range(1000)]
    odd = Row(input="b", record=7, prediction={"z": 1.0})
    with pytest.raises(ColumnError, match="b, record 7 has z"):
        write([*some, odd], tmp_path / "out")


@pytest.mark.parametrize("write", [write_csv, write_parquet, write_jsonl])
def test_a_run_without_rows_is_a_table_without_rows(write: Any, tmp_path: Path) -> None:  # noqa: ANN401
    assert write([], tmp_path / "out") == 0
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b'{"predictions":[{"classes":1,"p":[0.5,0.5]}]}', {"classes": 1, "p": [0.5, 0.5]}),
        (b'{"predictions":[0.5]}', {"prediction": 0.5}),
        (b'{"predictions":[[1,2]]}', {"prediction": [1, 2]}),
        (b'{"input":1,"record":2}', {"output_input": 1, "output_record": 2}),
        (b'{"top_k":[]}', {"top_k": []}),
        (b"1,cat,0.5", {"prediction": "1,cat,0.5"}),
        (b"0.5", {"prediction": 0.5}),
        (b'{"x":1,"input":2,"SageMakerOutput":{"y":3}}', {"x": 1, "output_input": 2, "y": 3}),
    ],
)
def test_every_form_of_a_line_becomes_columns(line: bytes, named: dict[str, Any]) -> None:
    parsed = parse(line)
    assert parsed.error is None
    assert columns(parsed.prediction) == named
    if line.endswith(b"}") and b"SageMaker" not in line:
        keyed = parse(line[:-1] + b',"key":{"id":1}}')
        assert (columns(keyed.prediction), keyed.key) == (named, {"id": 1})


def test_an_output_of_the_name_error_is_no_error() -> None:
    assert parse(b'{"error":[0.5]}') == Line(prediction={"error": [0.5]})
    assert parse(b'{"error":"bad"}') == Line(error="bad")
    refused = Line(error="Refused: no, never")
    error = b'{"error":{"code":"Refused","message":"no, never","record":3}}'
    assert parse(error) == refused
    assert parse(b'{"x":1,"SageMakerOutput":' + error + b"}") == refused
    assert parse(b'error,Refused,"no, never"') == refused
    assert parse(b'1,"a,error,b",error,Refused,"no, never"') == refused
    assert parse(b'"error,a,b",1,2') == Line(prediction='"error,a,b",1,2')
    assert parse(error[:-1] + b',"key":{"id":1}}') == replace(refused, key={"id": 1})


@pytest.mark.parametrize("at_once", [1, 3, 7, 100])
def test_more_lines_than_memory_takes_are_sorted_by_bytes(at_once: int) -> None:
    names = ["b", "a/b", "ä", "a", "Z", "a b", "😀", "￿"]
    with in_order(((name, {"n": name}) for name in names), at_once=at_once) as found:
        assert [key for key, _ in found] == sorted(names, key=str.encode)
