"""The benchmark's photographs: as many JPEG files as asked, and the same in TFRecord files."""

from __future__ import annotations

import io
import random
import tempfile
from pathlib import Path

from PIL import Image

from tfbatch.demo import photos
from tfbatch.records import example, tfrecord

_SIZE = (640, 480)
_RECORDS_A_FILE = 100


def write(directory: Path, count: int) -> None:
    """Write ``jpeg/`` and ``tfrecord/``: crops of the demo's photographs, no two alike."""
    with tempfile.TemporaryDirectory() as folder:
        collected = photos.collect(Path(folder))
        files = [collected.directory / "photos" / name for name in collected.jpegs]
        images = [Image.open(file).convert("RGB").resize((800, 600)) for file in files]
    jpegs = [_crop(images[number % len(images)], number) for number in range(count)]
    for name in ("jpeg", "tfrecord"):
        (directory / name).mkdir(parents=True)
    for number, jpeg in enumerate(jpegs):
        (directory / "jpeg" / f"{number:05d}.jpg").write_bytes(jpeg)
    for start in range(0, count, _RECORDS_A_FILE):
        records = (
            example.encode({"image/encoded": jpeg})
            for jpeg in jpegs[start : start + _RECORDS_A_FILE]
        )
        tfrecord.write(directory / "tfrecord" / f"{start:05d}.tfrecord", records)


def _crop(image: Image.Image, seed: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311 - the same pictures in every run
    left, top = (chance.randrange(120) for _ in range(2))
    data = io.BytesIO()
    image.crop((left, top, left + _SIZE[0], top + _SIZE[1])).save(data, "JPEG", quality=90)
    return data.getvalue()
