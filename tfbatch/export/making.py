"""Builds a classifier from a recipe and compares it with the original network."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras

from tfbatch.export.comparing import compare
from tfbatch.export.serving import Classifier
from tfbatch.export.variant import Variant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.export.catalog import Built, Recipe
    from tfbatch.export.comparing import Comparison

_PLAIN = Variant()


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A model that is ready to be saved."""

    built: Built
    classifier: Classifier
    comparison: Comparison | None
    """``None`` if the variant computes like the network."""


def make(recipe: Recipe, variant: Variant = _PLAIN) -> Made:
    """Build the model, and compare it with the network if it is a variant.

    Raises:
        tfbatch.export.comparing.TooDifferent: the predictions differ too much.
    """
    with _policy(variant.precision):
        built = recipe.build()
    comparison = None
    if not variant.is_exact:
        with _policy("float32"):
            exact = recipe.build()
        exact.network.set_weights(built.network.get_weights())  # random weights would differ
        whole = Variant(precision=variant.precision, xla=variant.xla)
        comparison = compare(_classifier(exact, _PLAIN), _classifier(built, whole))
    return Made(built=built, classifier=_classifier(built, variant), comparison=comparison)


def _classifier(built: Built, variant: Variant) -> Classifier:
    return Classifier(built.network, normalize=built.normalize, variant=variant)


@contextmanager
def _policy(name: str) -> Iterator[None]:
    """Build layers with one of Keras's dtype policies."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
