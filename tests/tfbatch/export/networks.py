"""Networks for the tests of exporting a function's; imported by ``tfbatch export``."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

SIZE, CLASSES = 32, 5


def tiny() -> keras.Model:
    """Convolutions with weights that are the same each time."""
    keras.utils.set_random_seed(7)
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(image / 255.0)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(CLASSES, activation="softmax", dtype="float32")(x))


def coarse() -> keras.Model:
    """A network that 16 bits are too few for: it weighs differences of large numbers."""
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.GlobalAveragePooling2D()(image) * 1000.0 + 30_000.0
    x = layers.Dense(2, kernel_initializer=keras.initializers.Constant(0.001))(x)
    x = layers.Lambda(lambda v: (v - keras.ops.mean(v)) + v * [[1.0, -1.0]] - [[90.0, -90.0]])(x)
    return keras.Model(image, layers.Activation("softmax", dtype="float32")(x))


def no_model() -> Any:  # noqa: ANN401
    return "a string"
