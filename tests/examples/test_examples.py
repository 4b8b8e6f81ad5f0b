"""The article's examples, each by both of its scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.examples.conftest import Examples


def accuracy(said: str, pattern: str) -> float:
    found = re.search(pattern + r".*?([\d.]+)%", said)
    assert found, said
    return float(found[1])


def test_cifar10s_model_is_trained_and_says_what_it_was_trained_on(examples: Examples) -> None:
    said = examples.trained.said
    assert "CIFAR-10 can't be reached" in said
    assert "5,000 images to train on, 400 to test" in said
    assert accuracy(said, "Accuracy on the test images") > 40  # a guess is right one time in ten


@pytest.mark.parametrize("way", ["bash", "python"])
def test_cifar10s_test_images_are_classified_about_as_well_as_in_training(
    examples: Examples, way: str
) -> None:
    said = getattr(examples, way)("cifar10", examples.trained.data)
    assert "status: SUCCEEDED" in said
    share = accuracy(said, "of 100 predictions are right:")
    assert abs(share - accuracy(examples.trained.said, "Accuracy on the test images")) < 15


@pytest.mark.parametrize("way", ["bash", "python"])
def test_photographs_are_classified_as_jpeg_objects(examples: Examples, way: str) -> None:
    said = getattr(examples, way)("open_images_jpeg", examples.photographs)
    assert "status: SUCCEEDED" in said
    assert "tiger cat" in said


@pytest.mark.parametrize("way", ["bash", "python"])
def test_photographs_are_classified_as_records_of_tfrecord_files(
    examples: Examples, way: str, tmp_path: Path
) -> None:
    said = getattr(examples, way)("open_images_tfrecord", examples.photographs, tmp_path / way)
    assert "status: SUCCEEDED" in said
    assert "tiger cat" in said
    assert "espresso" in said
