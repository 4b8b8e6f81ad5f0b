"""Holding a job's outputs against its inputs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tfbatch.demo.errors import DemoError
from tfbatch.demo.photos import Photos
from tfbatch.demo.predictions import Prediction, of_jpegs, of_tfrecords

PHOTOS = Photos(
    directory=Path(),
    jpegs=("cat.jpg", "moon.jpg"),
    tfrecords={"a.tfrecord": ("cat.jpg",), "b.tfrecord": ("moon.jpg",)},
)


def line(number: int, label: str = "tabby", probability: float = 0.5) -> str:
    """Return one line as the handler writes it."""
    return json.dumps({"top_k": [{"class": number, "label": label, "probability": probability}]})


def test_records_are_matched_with_lines_by_their_order() -> None:
    photos = Photos(directory=Path(), jpegs=(), tfrecords={"a.tfrecord": ("moon.jpg", "cat.jpg")})
    found = of_tfrecords(photos, {"a.tfrecord": [line(1), line(281)]})
    assert {name: prediction.number for name, prediction in found.items()} == {
        "moon.jpg": 1,
        "cat.jpg": 281,
    }


@pytest.mark.parametrize(
    ("outputs", "complaint"),
    [
        ({"cat.jpg": [line(281)]}, "moon.jpg has no output: the job wrote cat.jpg"),
        ({"cat.jpg": [], "moon.jpg": [line(1)]}, "cat.jpg holds 1 records, its output 0 lines"),
        (
            {"cat.jpg": ['{"error":{"code":"X"}}'], "moon.jpg": [line(1)]},
            'cat.jpg got no prediction with a label but {"error":{"code":"X"}}',
        ),
    ],
)
def test_an_input_without_its_prediction_is_named(
    outputs: dict[str, list[str]], complaint: str
) -> None:
    with pytest.raises(DemoError, match=re.escape(complaint)):
        of_jpegs(PHOTOS, outputs)


def test_predictions_agree_up_to_rounding() -> None:
    found = Prediction(number=281, label="tabby", probability=0.5)
    assert found.agrees_with(Prediction(number=281, label="tabby", probability=0.500001))
    assert not found.agrees_with(Prediction(number=281, label="tabby", probability=0.6))
    assert not found.agrees_with(Prediction(number=282, label="tiger cat", probability=0.5))


@pytest.mark.parametrize(
    ("number", "is_cat"), [(280, False), (281, True), (285, True), (286, False), (287, False)]
)
def test_a_cat_is_a_house_cat(number: int, is_cat: bool) -> None:  # noqa: FBT001 - a test case
    assert Prediction(number=number, label="", probability=1.0).is_cat is is_cat
