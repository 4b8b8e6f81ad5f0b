"""ResNet-50 v2 from ``keras.applications``, the network of AWS's article."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import keras
from keras.applications import resnet_v2

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE_SIZE = 224
_DOWNLOAD_TIMEOUT_SECONDS = 15.0

normalize = resnet_v2.preprocess_input


def build() -> tuple[keras.Model, str]:
    """Build the network, with ImageNet weights if they can be downloaded.

    Returns:
        The network, from float32 [batch, 224, 224, 3], pixels of ``normalize``, to float32
            [batch, 1000]; and the source of its weights.
    """
    try:
        with _download_timeout():
            return resnet_v2.ResNet50V2(weights="imagenet"), "ImageNet"
    except Exception as error:  # noqa: BLE001 - Keras raises a bare Exception for any failed download
        keras.utils.set_random_seed(0)  # the same network each time
        network = resnet_v2.ResNet50V2(weights=None)
        return network, f"random, for timing only; --again tries the download again ({error})"


@contextmanager
def _download_timeout() -> Iterator[None]:
    """Limit each wait of a download. Keras would wait forever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_DOWNLOAD_TIMEOUT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
