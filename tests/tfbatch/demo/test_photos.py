"""The demo's photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from tfbatch.demo.photos import collect

if TYPE_CHECKING:
    from pathlib import Path


def test_at_least_ten_photographs_come_with_installed_packages(tmp_path: Path) -> None:
    photos = collect(tmp_path)
    assert len(photos.jpegs) >= 10
    for name in photos.jpegs:
        with Image.open(tmp_path / "photos" / name) as image:
            assert image.format == "JPEG"
            assert min(image.size) >= 224


def test_every_photograph_is_in_one_tfrecord_file(tmp_path: Path) -> None:
    photos = collect(tmp_path)
    packed = [name for names in photos.tfrecords.values() for name in names]
    assert packed == list(photos.jpegs)
    assert len(photos.tfrecords) > 1
    for file, names in photos.tfrecords.items():
        content = (tmp_path / "tfrecords" / file).read_bytes()
        assert all((tmp_path / "photos" / name).read_bytes() in content for name in names)


def test_the_same_packages_give_the_same_bytes(tmp_path: Path) -> None:
    for run in ("one", "two"):
        collect(tmp_path / run)
    files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
    for path in files:
        assert (
            path.read_bytes()
            == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
        )
