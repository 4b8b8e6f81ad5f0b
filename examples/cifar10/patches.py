"""Data in CIFAR-10's format, for where CIFAR-10 can't be reached: patches of ten photographs.

A patch's class is the photograph it was cut from. Those for the test are cut from the right quarter
of each photograph, which training never sees.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from examples import photographs
from examples.cifar10.dataset import SIDE, Dataset, Images

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.cifar10.dataset import Pixels

_CLASSES: Final = 10
_HEIGHT: Final = 128
"""Of the photographs before they are cut: a patch shows a quarter of it."""
_TRAINING: Final = 500
_TEST: Final = 40
"""Patches of each photograph."""


def make() -> Dataset:
    """Cut the patches; the same ones each time."""
    with tempfile.TemporaryDirectory() as folder:
        files = photographs.write(Path(folder), count=_CLASSES)
        pictures = [_picture(file) for file in files]
    random = np.random.default_rng(0)
    return Dataset(
        training=_cut(random, [each[:, : each.shape[1] * 3 // 4] for each in pictures], _TRAINING),
        test=_cut(random, [each[:, each.shape[1] * 3 // 4 :] for each in pictures], _TEST),
        names=tuple(file.stem for file in files),
    )


def _picture(file: Path) -> Pixels:
    with Image.open(file) as image:
        width = image.width * _HEIGHT // image.height
        return np.asarray(image.convert("RGB").resize((width, _HEIGHT)))


def _cut(random: np.random.Generator, pictures: Sequence[Pixels], count: int) -> Images:
    patches = [_patch(random, picture) for picture in pictures for _ in range(count)]
    labels = np.repeat(np.arange(len(pictures), dtype=np.uint8), count)
    order = random.permutation(len(patches))
    return Images(pixels=np.stack(patches)[order], labels=labels[order])


def _patch(random: np.random.Generator, picture: Pixels) -> Pixels:
    top, left = (int(random.integers(0, size - SIDE + 1)) for size in picture.shape[:2])
    return picture[top : top + SIDE, left : left + SIDE]
