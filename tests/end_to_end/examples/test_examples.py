"""The article's examples, each by both of its scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.examples.conftest import Examples

Said = dict[tuple[str, str], str]
pytestmark = pytest.mark.timeout(900)  # whichever is first deploys, trains and runs all
both_ways = pytest.mark.parametrize("way", ["bash", "python"])


def accuracy(said: str, pattern: str) -> float:
    found = re.search(pattern + r".*?([\d.]+)%", said)
    assert found, said
    return float(found[1])


def test_cifar10s_model_is_trained_and_says_what_it_was_trained_on(examples: Examples) -> None:
    said = examples.trained.said
    assert "CIFAR-10 can't be reached" in said
    assert "5,000 images to train on, 400 to test" in said
    assert accuracy(said, "Accuracy on the test images") > 40  # a guess is right one time in ten


@both_ways
def test_cifar10s_test_images_are_classified_about_as_well_as_in_training(
    examples: Examples, said: Said, way: str
) -> None:
    assert "status: SUCCEEDED" in said["cifar10", way]
    share = accuracy(said["cifar10", way], "of 100 predictions are right:")
    assert abs(share - accuracy(examples.trained.said, "Accuracy on the test images")) < 15


@both_ways
def test_photographs_are_classified_as_jpeg_objects(said: Said, way: str) -> None:
    assert "status: SUCCEEDED" in said["open_images_jpeg", way]
    assert "tiger cat" in said["open_images_jpeg", way]


@both_ways
def test_photographs_are_classified_as_records_of_tfrecord_files(said: Said, way: str) -> None:
    assert "status: SUCCEEDED" in said["open_images_tfrecord", way]
    assert "tiger cat" in said["open_images_tfrecord", way]
    assert "espresso" in said["open_images_tfrecord", way]
