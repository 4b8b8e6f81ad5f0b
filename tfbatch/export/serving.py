"""Wraps an image classifier in a ``serving_default`` signature that takes encoded images.

``serving_default`` takes one string tensor ``image_bytes`` [batch], each an encoded image that
``tf.io.decode_image`` reads (of a GIF the first frame). It returns ``classes`` int64 [batch], the
likeliest one, and ``probabilities`` float32 [batch, classes]. With ``Variant.top_k`` both are
[batch, k] for the k likeliest classes, the best first. Decoding, cropping and resizing are in the
graph, so clients need no image library. An element that is not an image fails the whole request.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import tensorflow as tf

from tfbatch.export.variant import Variant
from tfbatch.wrap.decoding import View, at_least, decode
from tfbatch.wrap.orientation import Box

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import keras

_PLAIN = Variant()
_CROP_FRACTION = 0.875
_PARALLEL_IMAGES = 16


class Classifier(tf.Module):  # type: ignore[misc] # TensorFlow publishes no types
    """A network with its preprocessing of encoded images."""

    def __init__(
        self,
        network: keras.Model,
        *,
        normalize: Callable[[tf.Tensor], tf.Tensor],
        variant: Variant = _PLAIN,
    ) -> None:
        super().__init__()
        # TensorFlow's variables, not Keras's wrappers: saved through those, the graph would read
        # variables that aren't restored in a session, as in TensorFlow Serving.
        self.weights = [variable.value for variable in network.variables]
        call = functools.partial(network, training=False)
        self._network = tf.function(call, jit_compile=True) if variant.xla else call
        self._image_size = network.input_shape[1]
        self._top_k = variant.top_k
        size = self._image_size
        self._view = View(
            box=center,
            exif=variant.exif,
            is_enough=at_least(size, size) if variant.decode == "scaled" else None,
        )
        self._normalize = normalize

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])  # type: ignore[untyped-decorator]
    def serve(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classify encoded images: string [batch] -> int64 [batch], float32 [batch, classes]."""
        pixels = tf.map_fn(
            self._pixels,
            image_bytes,
            fn_output_signature=tf.TensorSpec([self._image_size, self._image_size, 3], tf.float32),
            parallel_iterations=_PARALLEL_IMAGES,
        )
        probabilities = tf.cast(self._network(self._normalize(pixels)), tf.float32)
        if self._top_k:
            best = tf.math.top_k(probabilities, self._top_k)
            return {"classes": tf.cast(best.indices, tf.int64), "probabilities": best.values}
        return {
            "classes": tf.argmax(probabilities, axis=-1, output_type=tf.int64),
            "probabilities": probabilities,
        }

    def _pixels(self, encoded: tf.Tensor) -> tf.Tensor:
        """Decode the center of an image, and resize it as in the network's training.

        Like ``_decode_and_center_crop`` of ``tensorflow/tpu``'s EfficientNet for evaluation:
        bicubic without antialiasing, corners not aligned. EXIF orientation is ignored without
        ``Variant.exif``.
        """
        return decode(encoded, self._view, self._resized)

    def _resized(self, part: tf.Tensor) -> tf.Tensor:
        size = [self._image_size, self._image_size]
        # The raw op: tf.image.resize changed the pixel centers after the networks were trained.
        return tf.raw_ops.ResizeBicubic(images=part[None], size=size)[0]


def center(height: tf.Tensor, width: tf.Tensor) -> Box:
    """The square in the middle that has 7/8 of the shorter side."""
    shorter = tf.cast(tf.minimum(height, width), tf.float32)
    side = tf.maximum(tf.cast(_CROP_FRACTION * shorter, tf.int32), 1)
    return Box((height - side + 1) // 2, (width - side + 1) // 2, side, side)


def save(classifier: Classifier, directory: Path) -> None:
    """Write the classifier as a SavedModel whose only signature is ``serving_default``.

    The same classifier gives the same bytes each time.
    """
    tf.saved_model.save(
        classifier, str(directory), signatures={"serving_default": classifier.serve}
    )
    (directory / "fingerprint.pb").unlink()  # optional, and contains a random number
