"""The demo's model: the real network with its real weights, fed with encoded images."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tfbatch.demo.photos import Photos

    Classify: TypeAlias = Callable[[Sequence[bytes]], dict[str, Any]]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TensorFlow's own

IN_A_SESSION = """
import pathlib, sys
import numpy as np
from tfbatch_sandbox.model_server.tensorflow.servable import Servable

model, photo = map(pathlib.Path, sys.argv[1:])
servable = Servable(model)
images = np.array([photo.read_bytes()], object)
print(servable.run(servable.signature(""), {"image_bytes": images})["classes"].tolist())
"""
CAT, COFFEE, TRIPOD, DAISY = 282, 967, 872, 985


def jpeg(photos: Photos, name: str) -> bytes:
    return (photos.directory / "photos" / name).read_bytes()


def encoded(image: Image.Image, kind: str) -> bytes:
    with io.BytesIO() as buffer:
        image.save(buffer, kind)
        return buffer.getvalue()


def test_photographs_are_recognized(classify: Classify, collected: Photos) -> None:
    names = {"cat.jpg": CAT, "coffee.jpg": COFFEE, "photographer.jpg": TRIPOD, "flower.jpg": DAISY}
    found = classify([jpeg(collected, name) for name in names])
    assert found["classes"].tolist() == list(names.values())


def test_the_outputs_are_a_class_and_a_thousand_probabilities(
    classify: Classify, collected: Photos
) -> None:
    found = classify([jpeg(collected, name) for name in collected.jpegs])
    count = len(collected.jpegs)
    assert (found["classes"].dtype, found["classes"].shape) == (np.int64, (count,))
    assert (found["probabilities"].dtype, found["probabilities"].shape) == (
        np.float32,
        (count, 1000),
    )
    assert found["probabilities"].sum(axis=1) == pytest.approx(np.ones(count), abs=1e-4)
    assert (found["probabilities"].argmax(axis=1) == found["classes"]).all()


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "I;16"])
def test_png_images_of_every_kind_have_three_channels_when_they_arrive(
    classify: Classify, collected: Photos, mode: str
) -> None:
    with Image.open(io.BytesIO(jpeg(collected, "cat.jpg"))) as cat:
        image = cat.convert("I").convert("I;16") if mode == "I;16" else cat.convert(mode)
    assert classify([encoded(image, "PNG")])["probabilities"].shape == (1, 1000)


def test_gray_is_seen_as_three_equal_channels(classify: Classify, collected: Photos) -> None:
    with Image.open(io.BytesIO(jpeg(collected, "cat.jpg"))) as cat:
        gray = cat.convert("L")
    found = classify([encoded(gray, "PNG"), encoded(gray.convert("RGB"), "PNG")])
    assert found["probabilities"][0] == pytest.approx(found["probabilities"][1], abs=1e-5)


def test_a_photograph_is_classified_the_same_alone_and_in_a_batch(
    classify: Classify, collected: Photos
) -> None:
    batch = [jpeg(collected, name) for name in collected.jpegs]
    together = classify(batch)["probabilities"]
    alone = classify(batch[:1])["probabilities"]
    assert alone[0] == pytest.approx(together[0], abs=1e-4)


def test_images_smaller_than_the_network_looks_at_are_enlarged(classify: Classify) -> None:
    pixel = Image.new("RGB", (1, 1), "red")
    assert classify([encoded(pixel, "PNG")])["probabilities"].shape == (1, 1000)


def test_a_record_that_is_no_image_fails_its_whole_request(
    classify: Classify, collected: Photos
) -> None:
    with pytest.raises(Exception, match="Unknown image file format"):
        classify([jpeg(collected, "cat.jpg"), b"not an image"])


def test_it_runs_in_a_session_as_in_tensorflow_serving(lite0: Path, collected: Photos) -> None:
    # In a process of its own: the model server takes TensorFlow's C library without its Python.
    photo = collected.directory / "photos" / "cat.jpg"
    found = subprocess.run(
        [sys.executable, "-c", IN_A_SESSION, lite0 / "1", photo],
        capture_output=True,
        check=True,
        text=True,
    )
    assert found.stdout.strip() == f"[{CAT}]"


def test_the_labels_lie_beside_the_model(lite0: Path) -> None:
    labels = (lite0 / "labels.txt").read_text().splitlines()
    assert len(labels) == 1000
    assert labels[CAT] == "tiger cat"
