"""The demo's data for a model of one's own, and what is said of its predictions."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from stacks.stages import stage_named
from tfbatch.demo import records
from tfbatch.demo.display import Display
from tfbatch.demo.errors import DemoError
from tfbatch_cdk.settings import Format
from tfbatch_handler.signature import Signature, Tensor

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_cdk.settings import Stage

LINES = Format(content_type="application/jsonlines", split_type="Line")
ROWS = Format(content_type="text/csv", split_type="Line")
PHOTOS = Format(content_type="image/jpeg")


def stage(**formats: Format) -> Stage:
    return replace(stage_named("dev"), formats=formats)


def model(**inputs: tuple[str, tuple[int, ...]]) -> Signature:
    tensors = {
        name: Tensor(name="", dtype=kind, shape=shape) for name, (kind, shape) in inputs.items()
    }
    return Signature(inputs=tensors, outputs={})


NUMBERS = model(x=("FLOAT", (-1, 4)))


def shown(made: records.Records, *outputs: dict[str, list[str]]) -> str:
    text = io.StringIO()
    made.show(Display(console=Console(file=text, width=120)), outputs)
    return text.getvalue()


def test_numbers_are_written_in_every_text_format(tmp_path: Path) -> None:
    made = records.collect(tmp_path, stage(jsonl=LINES, csv=ROWS), NUMBERS)
    assert [run.format for run in made.runs] == ["jsonl", "csv"]
    values = list(map(json.loads, (tmp_path / "jsonl" / "records.jsonl").read_text().splitlines()))
    assert len(values) == len(made.texts["csv"]) == 12
    assert all(len(value) == 4 for value in values)


def test_a_model_of_encoded_images_gets_photographs_and_no_words(tmp_path: Path) -> None:
    images = model(image_bytes=("STRING", (-1,)))
    made = records.collect(tmp_path, stage(jpeg=PHOTOS, jsonl=LINES), images)
    ((run,),) = (made.runs,)
    files = sorted(path.name for path in (tmp_path / run.folder).iterdir())
    assert files == list(made.texts["jpeg"])
    assert all((tmp_path / run.folder / name).read_bytes()[:2] == b"\xff\xd8" for name in files)


def test_a_string_that_may_be_either_is_tried_as_both(tmp_path: Path) -> None:
    either = model(picture=("STRING", (-1,)))
    made = records.collect(tmp_path, stage(jpeg=PHOTOS, jsonl=LINES), either)
    assert [run.format for run in made.runs] == ["jpeg", "jsonl"]


def test_a_stage_without_a_format_that_the_demo_can_write_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"has formats npy: use 'tfbatch run'"):
        records.collect(tmp_path, stage(npy=Format(content_type="application/x-npy")), NUMBERS)


def test_the_predictions_are_counted_and_errors_are_not_among_them(tmp_path: Path) -> None:
    made = records.collect(tmp_path, stage(jsonl=LINES), NUMBERS)
    bad = '{"error":{"code":"InvalidRecord","message":"no"}}'
    said = shown(made, {"records.jsonl.out": ['{"y":[1.0]}'] * 11 + [bad]})
    assert "jsonl: 11 of 12 records have a prediction." in said


def test_a_model_that_predicts_nothing_fails_the_demo(tmp_path: Path) -> None:
    made = records.collect(tmp_path, stage(jsonl=LINES, csv=ROWS), NUMBERS)
    bad = '{"error":{"code":"InvalidRecord","message":"no"}}'
    csv_bad = "error,InvalidRecord,no"
    with pytest.raises(DemoError, match="no record got a prediction"):
        shown(made, {"a": [bad] * 12}, {"a": [csv_bad] * 12})
    with pytest.raises(DemoError, match="12 jsonl records have 11 lines"):
        shown(made, {"a": ["1"] * 11}, {"a": ["1"] * 12})
