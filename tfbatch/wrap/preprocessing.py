"""Makes the pixels that a model takes of an encoded image, in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from tfbatch.wrap.orientation import upright

if TYPE_CHECKING:
    from tfbatch.wrap.plan import Pixels

_LUMA = (19595, 38470, 7471)
"""0.299, 0.587 and 0.114 of 65,536."""
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_TORCH_MEAN, _TORCH_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""As ``keras.applications.imagenet_utils`` has them."""


def decoded(encoded: tf.Tensor, wanted: Pixels) -> tf.Tensor:
    """Decode a file, of a GIF the first frame: uint8 [height, width, channels]."""
    channels = max(wanted.channels, 3)
    image = tf.io.decode_image(encoded, channels=channels, expand_animations=False)
    image.set_shape([None, None, channels])
    image = _gray(image) if wanted.channels == 1 else image
    return upright(image, encoded) if wanted.exif else image


def _gray(image: tf.Tensor) -> tf.Tensor:
    """The luma of ITU-R BT.601, rounded as Pillow rounds it."""
    weighted = tf.cast(image, tf.int32) * tf.constant(_LUMA)
    luma = (tf.reduce_sum(weighted, -1, keepdims=True) + 2**15) // 2**16
    return tf.cast(luma, tf.uint8)


def prepared(image: tf.Tensor, wanted: Pixels) -> tf.Tensor:
    """Fit decoded pixels to the model's size, and scale them to its range and type."""
    values = tf.cast(image, tf.float32)
    if wanted.height is not None:
        values = _resized(values, wanted)
    return _typed(_scaled(values, wanted.pixels), wanted.dtype)


def _resized(values: tf.Tensor, wanted: Pixels) -> tf.Tensor:
    """Bilinear, without antialiasing, as ``tf.image.resize`` does by default."""
    size = [wanted.height, wanted.width]
    if wanted.fit == "pad":
        return tf.image.resize_with_pad(values, *size)
    if wanted.fit == "crop":
        values = _cropped(values, wanted.height, wanted.width)
    return tf.image.resize(values, size)


def _cropped(values: tf.Tensor, height: int | None, width: int | None) -> tf.Tensor:
    """The largest centered part with the proportions of the model's input."""
    have = tf.cast(tf.shape(values)[:2], tf.float32)
    scale = tf.reduce_min(have / tf.constant([height, width], tf.float32))
    want = tf.maximum(
        tf.cast(tf.round(scale * tf.constant([height, width], tf.float32)), tf.int32), 1
    )
    want = tf.minimum(want, tf.shape(values)[:2])
    top, left = tf.unstack((tf.shape(values)[:2] - want) // 2)
    return values[top : top + want[0], left : left + want[1]]


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
