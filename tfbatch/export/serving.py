"""Wraps an image classifier in a ``serving_default`` signature that takes encoded images.

``serving_default`` takes one string tensor ``image_bytes`` [batch], each an encoded image (JPEG,
PNG, BMP or the first frame of a GIF), and returns ``classes`` int64 [batch], the most probable one,
and ``probabilities`` float32 [batch, classes]; or, with ``Variant.top_k``, both for the k likeliest
classes alone, [batch, k], best first. Decoding, cropping and resizing are in the graph, so
whoever calls needs no image library. An entry that is not an image fails the whole request.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import tensorflow as tf

from tfbatch.export.variant import Variant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import keras

_PLAIN = Variant()
_CROP_FRACTION = 0.875
_PARALLEL_IMAGES = 16


class Classifier(tf.Module):  # type: ignore[misc] # TensorFlow publishes no types
    """A network and what has to happen to encoded images before it."""

    def __init__(
        self,
        network: keras.Model,
        *,
        normalize: Callable[[tf.Tensor], tf.Tensor],
        variant: Variant = _PLAIN,
    ) -> None:
        super().__init__()
        # TensorFlow's own variables, not Keras's around them: saved through those, the graph would
        # read variables that nothing restores where it runs in a session, as in TensorFlow Serving.
        self.weights = [variable.value for variable in network.variables]
        call = functools.partial(network, training=False)
        self._network = tf.function(call, jit_compile=True) if variant.xla else call
        self._image_size = network.input_shape[1]
        self._top_k = variant.top_k
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
        """Decode one image and cut out of its middle what the network was trained to look at.

        As ``_decode_and_center_crop`` of ``tensorflow/tpu``'s EfficientNet does for evaluation:
        7/8 of the shorter side, then bicubic without antialiasing, corners not aligned.
        """
        # channels=3 turns gray into three equal channels and drops alpha.
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
        height, width = tf.shape(image)[0], tf.shape(image)[1]
        side = tf.cast(_CROP_FRACTION * tf.cast(tf.minimum(height, width), tf.float32), tf.int32)
        side = tf.maximum(side, 1)
        top, left = (height - side + 1) // 2, (width - side + 1) // 2
        square = image[top : top + side, left : left + side]
        size = [self._image_size, self._image_size]
        # The op itself: tf.image.resize moved the pixel centers after the networks were trained.
        return tf.raw_ops.ResizeBicubic(images=square[None], size=size)[0]


def save(classifier: Classifier, directory: Path) -> None:
    """Write the classifier as a SavedModel whose only signature is ``serving_default``.

    The same classifier gives the same bytes each time.
    """
    tf.saved_model.save(
        classifier, str(directory), signatures={"serving_default": classifier.serve}
    )
    (directory / "fingerprint.pb").unlink()  # optional, and has a random number in it
