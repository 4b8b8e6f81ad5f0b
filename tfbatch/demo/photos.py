"""The photographs of the demo, from installed packages, as JPEG and as TFRecord files."""

from __future__ import annotations

import importlib.metadata
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tfbatch.records import example, tfrecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_QUALITY = 92
_PHOTOS_A_FILE = 4

SOURCES = {
    "cat": ("scikit-image", "skimage/data/chelsea.png"),
    "coffee": ("scikit-image", "skimage/data/coffee.png"),
    "rocket": ("scikit-image", "skimage/data/rocket.jpg"),
    "astronaut": ("scikit-image", "skimage/data/astronaut.png"),
    "motorcycle": ("scikit-image", "skimage/data/motorcycle_left.png"),
    "photographer": ("scikit-image", "skimage/data/camera.png"),
    "coins": ("scikit-image", "skimage/data/coins.png"),
    "gravel": ("scikit-image", "skimage/data/gravel.png"),
    "moon": ("scikit-image", "skimage/data/moon.png"),
    "palace": ("scikit-learn", "sklearn/datasets/images/china.jpg"),
    "flower": ("scikit-learn", "sklearn/datasets/images/flower.jpg"),
    "grace-hopper": ("matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg"),
}
"""Name -> the package with the photograph, and its file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Photos:
    """The photographs on disk, in both forms that are uploaded."""

    directory: Path
    """Contains ``photos/`` and ``tfrecords/``."""
    jpegs: tuple[str, ...]
    """File names under ``photos/``, in order."""
    tfrecords: Mapping[str, tuple[str, ...]]
    """File name under ``tfrecords/`` -> its photographs, in the order of its records."""


def collect(directory: Path) -> Photos:
    """Write the photographs to ``directory``, as JPEG files and in TFRecord files.

    Raises:
        FileNotFoundError: an installed package lacks its photograph.
    """
    photos = {f"{name}.jpg": _jpeg(*source) for name, source in SOURCES.items()}
    (directory / "photos").mkdir(parents=True)
    for name, jpeg in photos.items():
        (directory / "photos" / name).write_bytes(jpeg)
    return Photos(
        directory=directory, jpegs=tuple(photos), tfrecords=_pack(photos, directory / "tfrecords")
    )


def _jpeg(package: str, file: str) -> bytes:
    """Read a photograph. JPEG files stay unchanged, and gray stays gray."""
    path = Path(str(importlib.metadata.distribution(package).locate_file(file)))
    if path.suffix == ".jpg":
        return path.read_bytes()
    with Image.open(path) as image, io.BytesIO() as encoded:
        image.save(encoded, "JPEG", quality=_QUALITY)
        return encoded.getvalue()


def _pack(photos: Mapping[str, bytes], directory: Path) -> dict[str, tuple[str, ...]]:
    directory.mkdir()
    groups = _groups(tuple(photos))
    packed = {}
    for number, names in enumerate(groups):
        file = f"photos-{number:05d}-of-{len(groups):05d}.tfrecord"
        tfrecord.write(directory / file, (_example(name, photos[name]) for name in names))
        packed[file] = names
    return packed


def _groups(names: Sequence[str]) -> list[tuple[str, ...]]:
    starts = range(0, len(names), _PHOTOS_A_FILE)
    return [tuple(names[start : start + _PHOTOS_A_FILE]) for start in starts]


def _example(name: str, jpeg: bytes) -> bytes:
    return example.encode(
        {"image/encoded": jpeg, "image/format": b"jpeg", "image/filename": name.encode()}
    )
