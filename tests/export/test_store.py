"""Exports on disk: made once, whole, and again when outdated."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tfbatch.export import store
from tfbatch.export.catalog import CATALOG, DEMO_MODEL

if TYPE_CHECKING:
    from pathlib import Path


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
