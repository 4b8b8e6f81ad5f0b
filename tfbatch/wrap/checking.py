"""Compares a wrapped model with its original on a few photographs."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from tfbatch.terminal.problem import Problem
from tfbatch.wrap.decoding import ratio as ratio_of
from tfbatch.wrap.preprocessing import part_of, prepared, view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tfbatch.wrap.plan import Pixels, Plan
    from tfbatch.wrap.wrapper import Wrapper

_TOLERANCE, _TOLERANCE_OF_JPEG = 1e-3, 0.03
"""Maximum difference, as a part of the output's largest value. Two decoders of JPEG may differ."""
_LEAST = 0.01
"""Smaller outputs are compared as if they had this size."""
_SIZES = ((240, 320), (320, 240), (256, 256))
_ORIENTATION = 0x0112
_JPEG = b"\xff\xd8"


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """The result of a comparison."""

    photographs: int
    difference: float
    """The largest difference of a value, as a part of its output's largest."""


def compare(wrapper: Wrapper, saved: Path, plan: Plan, photos: Sequence[bytes]) -> Agreement:
    """Compare what the saved model says of encoded images with the original on their pixels.

    Pillow decodes the images for the original, and turns them if the plan does.

    Raises:
        Problem: they differ, or an image can't be read.
    """
    pixels = plan.pixels
    if pixels is None:
        return Agreement(photographs=0, difference=0.0)
    call = tf.saved_model.load(str(saved)).signatures["serving_default"]
    images = list(photos) or list(_examples(exif=pixels.exif))
    worst = 0.0
    for encoded in images:
        found = {name: value[0].numpy() for name, value in call(image_bytes=[encoded]).items()}
        wanted = _original(wrapper, encoded, pixels)
        if plan.top_k:
            wanted = _likeliest(wanted[plan.scores], plan.top_k)
        for name, value in wanted.items():
            difference = _difference(found[name], value)
            worst = max(worst, difference)
            if difference > (_TOLERANCE_OF_JPEG if encoded.startswith(_JPEG) else _TOLERANCE):
                raise Problem(
                    f"The wrapped model's {name} differs from the original's by {difference:.1%} "
                    "of its largest value on the same photograph; nothing was written."
                )
    return Agreement(photographs=len(images), difference=worst)


def _original(wrapper: Wrapper, encoded: bytes, pixels: Pixels) -> dict[str, Any]:
    """The original's outputs for an image that Pillow has read."""
    with Image.open(io.BytesIO(encoded)) as opened:
        _draft(opened, encoded, pixels)
        turned = ImageOps.exif_transpose(opened) if pixels.exif else opened
        array = np.asarray(turned.convert({1: "L", 4: "RGBA"}.get(pixels.channels, "RGB")))
    if array.ndim == 2:  # noqa: PLR2004 # gray
        array = array[..., None]
    part = part_of(tf.constant(array), pixels)
    outputs = wrapper.of_one(prepared(part, pixels), pixels)
    return {name: value.numpy() for name, value in outputs.items()}


def _draft(opened: Any, encoded: bytes, pixels: Pixels) -> None:  # noqa: ANN401 # Pillow's
    """Have Pillow decode a JPEG file as small as the wrapper does."""
    ratio = int(ratio_of(tf.constant(encoded), view(pixels)))
    width, height = opened.size
    opened.draft(None, (max(width // ratio, 1), max(height // ratio, 1)))


def _likeliest(scores: Any, count: int) -> dict[str, Any]:  # noqa: ANN401 # an array
    best = np.argsort(-scores, kind="stable")[:count]
    return {"classes": best, "probabilities": scores[best]}


def _difference(found: Any, wanted: Any) -> float:  # noqa: ANN401 # arrays
    if np.shape(found) != np.shape(wanted):
        return float("inf")
    if np.asarray(wanted).dtype.kind not in "fiub":
        return 0.0 if np.array_equal(found, wanted) else float("inf")
    gap = np.abs(np.asarray(found, np.float64) - np.asarray(wanted, np.float64))
    scale = max(float(np.max(np.abs(wanted), initial=0.0)), _LEAST)
    return float(np.max(gap, initial=0.0)) / scale


def _examples(*, exif: bool) -> Iterator[bytes]:
    """Colors lying, standing and square; lossless, so that both decode the same.

    With ``exif`` they are JPEG files with several orientations.
    """
    rng = np.random.default_rng(0)
    for number, (height, width) in enumerate(_SIZES):
        y, x = np.mgrid[0:height, 0:width]
        colors = np.stack([255 * x / width, 255 * y / height, 128 + 0 * x], -1)
        noise = rng.normal(0, 0 if exif else 8, colors.shape)  # decoders of JPEG differ in noise
        noisy = np.clip(colors + noise, 0, 255).astype(np.uint8)
        yield _encoded(Image.fromarray(noisy), "PNG", orientation=(6, 3, 8)[number] if exif else 1)


def _encoded(image: Any, kind: str, *, orientation: int) -> bytes:  # noqa: ANN401 # Pillow's
    file = io.BytesIO()
    if orientation == 1:
        image.save(file, kind)
        return file.getvalue()
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    image.save(file, "JPEG", quality=100, subsampling=0, exif=exif)
    return file.getvalue()
