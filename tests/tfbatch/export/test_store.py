"""Exports on disk: made once, whole, and again when outdated."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from tfbatch.export import store
from tfbatch.export.catalog import CATALOG, DEMO_MODEL

if TYPE_CHECKING:
    from pathlib import Path


def contents(directory: Path) -> dict[str, bytes]:
    """Return relative path -> bytes of all files."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def test_an_export_that_is_there_is_not_made_again(lite0: Path) -> None:
    def build() -> None:
        raise AssertionError("built again")

    recipe = replace(CATALOG[DEMO_MODEL], build=build)  # type: ignore[arg-type]
    assert store.make(recipe, models=lite0.parent).weights == "ImageNet"


def test_an_export_is_outdated_when_its_weights_change(lite0: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pth"
    other.write_bytes(b"other weights")
    recipe = replace(CATALOG[DEMO_MODEL], sources=(str(other),))
    assert store.find(recipe, models=lite0.parent) is None


def test_a_record_of_another_version_is_as_none(tmp_path: Path) -> None:
    directory = tmp_path / DEMO_MODEL
    directory.mkdir()
    for text in ("", "[]", '{"digest": "x"}', json.dumps({"digest": "x", "weights": "y"})):
        (directory / "export.json").write_text(text)
        assert store.find(CATALOG[DEMO_MODEL], models=tmp_path) is None


def test_an_export_made_again_has_the_same_bytes(lite0: Path, tmp_path: Path) -> None:
    # In a process of its own: numbers in a graph's names count what TensorFlow built before.
    code = (
        "import pathlib, sys\n"
        "from tfbatch.export import catalog, store\n"
        "store.make(catalog.CATALOG[sys.argv[1]], models=pathlib.Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, DEMO_MODEL, tmp_path], check=True)
    assert contents(tmp_path / DEMO_MODEL) == contents(lite0)
