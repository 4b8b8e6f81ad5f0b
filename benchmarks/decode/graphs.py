"""The graphs that are compared: from an encoded image to a model's pixels, 224 x 224."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from tfbatch.export.serving import center
from tfbatch.wrap.decoding import View, at_least, decode
from tfbatch.wrap.plan import Pixels
from tfbatch.wrap.preprocessing import pixels_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch.export.variant import Decode

SIZE = 224
PARALLEL = 16


def batched(one: Callable[[Any], Any], *, parallel: int = PARALLEL) -> Any:  # noqa: ANN401
    """A function of a batch of files, as the exported graphs have it."""

    def pixels(files: Any) -> Any:  # noqa: ANN401
        spec = tf.TensorSpec([SIZE, SIZE, 3], tf.float32)
        return tf.map_fn(one, files, fn_output_signature=spec, parallel_iterations=parallel)

    return tf.function(pixels, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)


def all_pixels(file: Any) -> Any:  # noqa: ANN401
    """The rival: everything is decoded."""
    return tf.io.decode_image(file, channels=3, expand_animations=False)


def bicubic(part: Any) -> Any:  # noqa: ANN401
    """As ``tfbatch export`` resizes."""
    return tf.raw_ops.ResizeBicubic(images=part[None], size=[SIZE, SIZE])[0]


def middle(image: Any) -> Any:  # noqa: ANN401
    """As ``tfbatch export`` crops."""
    top, left, height, width = center(tf.shape(image)[0], tf.shape(image)[1])
    return image[top : top + height, left : left + width]


def export_before(file: Any) -> Any:  # noqa: ANN401
    """Decode all, crop, resize."""
    return bicubic(middle(all_pixels(file)))


def export(decode_as: Decode) -> Callable[[Any], Any]:
    """As ``tfbatch export --decode``."""
    enough = at_least(SIZE, SIZE) if decode_as == "scaled" else None
    view = View(box=center, exif=False, is_enough=enough)
    return lambda file: decode(file, view, bicubic)


def wrap_before(file: Any) -> Any:  # noqa: ANN401
    """Decode all, make floats of it, crop to the proportions of the size, resize."""
    values = tf.cast(all_pixels(file), tf.float32)
    size = tf.constant([SIZE, SIZE], tf.float32)
    scale = tf.reduce_min(tf.cast(tf.shape(values)[:2], tf.float32) / size)
    want = tf.maximum(tf.cast(tf.round(scale * size), tf.int32), 1)
    want = tf.minimum(want, tf.shape(values)[:2])
    top, left = tf.unstack((tf.shape(values)[:2] - want) // 2)
    return tf.image.resize(values[top : top + want[0], left : left + want[1]], [SIZE, SIZE])


def wrap(decode_as: Decode) -> Callable[[Any], Any]:
    """As ``tfbatch wrap --decode``."""
    wanted = Pixels(
        input="x",
        dtype="FLOAT",
        height=SIZE,
        width=SIZE,
        channels=3,
        pixels="0..255",
        fit="crop",
        exif=False,
        decode=decode_as,
        batch="many",
    )
    return lambda file: pixels_of(file, wanted)


def jpeg_option(**options: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    """``export_before`` with an option of ``tf.io.decode_jpeg``."""
    return lambda file: bicubic(middle(tf.io.decode_jpeg(file, channels=3, **options)))


def as_float(file: Any) -> Any:  # noqa: ANN401
    """``export_before`` with floats before the resizing."""
    return bicubic(tf.cast(middle(all_pixels(file)), tf.float32))


def vectorized(files: Any) -> Any:  # noqa: ANN401
    """``export_before`` by ``tf.vectorized_map``, which decodes in a loop all the same."""
    return tf.vectorized_map(export_before, files, fallback_to_while_loop=True)
