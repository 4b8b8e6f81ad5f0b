"""Which content types a signature takes, before any record is sent."""

from __future__ import annotations

import pytest

from tfbatch_handler.acceptance import problem, takes_pixels
from tfbatch_handler.signature import Signature, Tensor

SHAPES = {
    "image_bytes": ("STRING", (-1,)),
    "text": ("STRING", (-1, 1)),
    "pixels": ("FLOAT", (-1, 224, 224, 3)),
    "one image": ("UINT8", (1, -1, -1, 3)),
    "unbatched": ("FLOAT", (-1, -1, 3)),
    "row": ("FLOAT", (-1, 4)),
    "steps": ("FLOAT", (-1, -1, -1)),
    "spectrogram": ("FLOAT", (-1, 128, 64, 2)),
}


def _tensor(name: str) -> Tensor:
    dtype, shape = SHAPES[name]
    return Tensor(name=f"{name}:0", dtype=dtype, shape=shape)


def _signature(*names: str) -> Signature:
    outputs = {"y": Tensor(name="y:0", dtype="FLOAT", shape=(-1, 2))}
    return Signature(inputs={name: _tensor(name) for name in names}, outputs=outputs)


@pytest.mark.parametrize(
    ("content_type", "inputs", "says"),
    [
        ("image/jpeg", ("image_bytes",), ""),
        ("image/jpeg", ("text",), ""),
        ("image/jpeg", ("pixels",), "an image is one string of bytes"),
        ("application/x-image", ("row",), "an image is one string of bytes"),
        ("IMAGE/PNG", ("image_bytes", "row"), "an image is one string of bytes"),
        ("application/x-npy", ("pixels",), ""),
        ("application/x-npy", ("text",), "an array is one input of numbers"),
        ("application/x-npy", ("row", "pixels"), "an array is one input of numbers"),
        ("text/plain", ("text",), ""),
        ("text/plain", ("row",), "a line is one string"),
        ("text/csv", ("row",), ""),
        ("text/csv", ("row", "text"), "'text/csv; header=present'"),
        ("text/csv; header=present", ("row", "text"), ""),
        ("application/jsonlines", ("row", "text"), ""),
        ("application/jsonlines", ("one image",), ""),
        ("application/x-npy", ("one image",), ""),
        ("text/csv", ("one image",), "a row or feature is a flat list"),
        ("application/x-tfrecord", ("row", "one image"), "a row or feature is a flat list"),
        ("application/x-tfexample", ("pixels",), ""),
        ("application/x-tfrecord", ("row", "steps"), ""),
        ("application/x-recordio", ("steps",), ""),
        ("text/csv", ("steps",), "a row or feature is a flat list"),
    ],
)
def test_a_pair_that_cannot_work_is_refused_with_its_reason(
    content_type: str, inputs: tuple[str, ...], says: str
) -> None:
    found = problem(content_type, _signature(*inputs))
    assert bool(found) is bool(says)
    assert says in found


def test_pixels_are_told_from_other_numbers() -> None:
    named = set(SHAPES) - {"steps"}  # may be pixels, or not
    found = {name for name in named if takes_pixels(_signature(name))}
    assert found == {"pixels", "one image", "unbatched"}
    assert not takes_pixels(_signature("pixels", "row"))
