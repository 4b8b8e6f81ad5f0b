"""A small convolutional network for 32 by 32 images: trained, measured, exported."""

# mypy: ignore-errors
# TensorFlow publishes no types.
from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from examples.cifar10.dataset import SIDE

if TYPE_CHECKING:
    from pathlib import Path

    from examples.cifar10.dataset import Images

_BATCH = 64


def train(images: Images, *, classes: int, steps: int) -> keras.Model:
    """Train a network on so many batches of 64 images."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    network = keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 3)),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Conv2D(64, 3, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(classes, activation="softmax"),
        ]
    )
    network.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    pairs = tf.data.Dataset.from_tensor_slices((images.pixels, images.labels))
    batches = pairs.shuffle(10_000, seed=0).repeat().batch(_BATCH).map(_scaled)
    network.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)
    return network


def accuracy(network: keras.Model, images: Images) -> float:
    """The share of images whose likeliest class is theirs."""
    pixels, labels = _scaled(tf.constant(images.pixels), images.labels)
    return float((network.predict(pixels, verbose=0).argmax(-1) == labels).mean())


def export(network: keras.Model, folder: Path) -> None:
    """Write a SavedModel as the article's: encoded images in, classes and probabilities out."""

    def serve(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        pixels = tf.map_fn(
            _decoded,
            image_bytes,
            fn_output_signature=tf.TensorSpec([SIDE, SIDE, 3], tf.float32),
        )
        probabilities = network(pixels / 255.0)
        return {"classes": tf.argmax(probabilities, -1), "probabilities": probabilities}

    archive = keras.export.ExportArchive()
    archive.track(network)
    signature = [tf.TensorSpec([None], tf.string, name="image_bytes")]
    archive.add_endpoint("serve", serve, input_signature=signature)
    archive.write_out(str(folder), verbose=False)


def _decoded(encoded: tf.Tensor) -> tf.Tensor:
    pixels = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    return tf.image.resize(pixels, [SIDE, SIDE])


def _scaled(pixels: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.cast(pixels, tf.float32) / 255.0, labels
