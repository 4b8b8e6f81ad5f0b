"""Makes the pixels that a model takes of an encoded image, in the graph."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import tensorflow as tf

from tfbatch.wrap.decoding import MARGIN, View, cut, decode
from tfbatch.wrap.orientation import Box, orientation, turned

if TYPE_CHECKING:
    from tfbatch.wrap.plan import Pixels

_COLORS = 3
_LUMA = (19595, 38470, 7471)
"""0.299, 0.587 and 0.114 of 65,536."""
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_TORCH_MEAN, _TORCH_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""As ``keras.applications.imagenet_utils`` has them."""


def pixels_of(encoded: tf.Tensor, wanted: Pixels) -> tf.Tensor:
    """Make the pixels that the model takes of a file."""
    if wanted.channels > _COLORS:  # of which no JPEG file has as many
        image = tf.io.decode_image(encoded, channels=wanted.channels, expand_animations=False)
        image.set_shape([None, None, wanted.channels])
        upright = turned(image, orientation(encoded)) if wanted.exif else image
        return prepared(part_of(upright, wanted), wanted)
    return decode(encoded, view(wanted), functools.partial(_of_part, wanted=wanted))


def _of_part(part: tf.Tensor, *, wanted: Pixels) -> tf.Tensor:
    return prepared(_gray(part) if wanted.channels == 1 else part, wanted)


def part_of(image: tf.Tensor, wanted: Pixels) -> tf.Tensor:
    """The part of an upright image that the model gets."""
    return cut(image, view(wanted).box(tf.shape(image)[0], tf.shape(image)[1]))


def view(wanted: Pixels) -> View:
    """What the model looks at."""
    is_enough = None
    if wanted.decode == "scaled":
        is_enough = functools.partial(_is_enough, wanted=wanted)
    return View(box=functools.partial(_box, wanted=wanted), exif=wanted.exif, is_enough=is_enough)


def _is_enough(box: Box, *, wanted: Pixels) -> tf.Tensor:
    """With borders, an image is resized to the model's height or width, whichever comes first."""
    limits = tf.constant([wanted.height, wanted.width], tf.float32) * MARGIN
    sides = box.height >= limits[0], box.width >= limits[1]
    return tf.logical_or(*sides) if wanted.fit == "pad" else tf.logical_and(*sides)


def _box(height: tf.Tensor, width: tf.Tensor, *, wanted: Pixels) -> Box:
    """The whole image, or its largest centered part with the proportions of the model's input."""
    if wanted.height is None or wanted.fit != "crop":
        zero = tf.zeros_like(height)
        return Box(zero, zero, height, width)
    scale = tf.minimum(
        tf.cast(height, tf.float32) / wanted.height, tf.cast(width, tf.float32) / wanted.width
    )
    high, wide = (
        tf.minimum(tf.maximum(tf.cast(tf.round(scale * size), tf.int32), 1), have)
        for size, have in ((wanted.height, height), (wanted.width, width))
    )
    return Box((height - high) // 2, (width - wide) // 2, high, wide)


def _gray(image: tf.Tensor) -> tf.Tensor:
    """The luma of ITU-R BT.601, rounded as Pillow rounds it."""
    weighted = tf.cast(image, tf.int32) * tf.constant(_LUMA)
    luma = (tf.reduce_sum(weighted, -1, keepdims=True) + 2**15) // 2**16
    return tf.cast(luma, tf.uint8)


def prepared(part: tf.Tensor, wanted: Pixels) -> tf.Tensor:
    """Resize a part to the model's size, and scale its pixels to the model's range and type."""
    values = part if wanted.height is None else _resized(part, wanted)
    return _typed(_scaled(tf.cast(values, tf.float32), wanted.pixels), wanted.dtype)


def _resized(part: tf.Tensor, wanted: Pixels) -> tf.Tensor:
    """Bilinear, without antialiasing, as ``tf.image.resize`` does by default; to float32."""
    size = [wanted.height, wanted.width]
    if wanted.fit == "pad":
        return tf.image.resize_with_pad(part, *size)
    return tf.image.resize(part, size)


def _scaled(values: tf.Tensor, pixels: str) -> tf.Tensor:
    scales = {
        "0..255": lambda: values,
        "0..1": lambda: values / 255.0,
        "-1..1": lambda: values / 127.5 - 1.0,
        "caffe": lambda: values[..., ::-1] - tf.constant(_CAFFE_MEAN),
        "torch": lambda: (
            (values / 255.0 - tf.constant(_TORCH_MEAN)) / tf.constant(_TORCH_DEVIATION)
        ),
    }
    return scales[pixels]()


def _typed(values: tf.Tensor, dtype: str) -> tf.Tensor:
    wanted = tf.dtypes.as_dtype(
        dtype.lower().replace("double", "float64").replace("half", "float16")
    )
    return tf.cast(tf.round(values) if wanted.is_integer else values, wanted)
