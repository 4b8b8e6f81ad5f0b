"""The pictures of a page: what the model saw, or why there is none."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from tests.tfbatch.report.conftest import facts
from tests.tfbatch.report.test_page import CAT
from tfbatch.aws.session import Session
from tfbatch.report.inputs import Input, fetch
from tfbatch.report.page import page
from tfbatch.report.tally import Shown

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch.results.rows import Row

ORIENTATION = 0x0112


def _row(path: Path) -> Row:
    return CAT.__class__(input=str(path), record=0, prediction=CAT.prediction)


def _fetched(path: Path) -> Input:
    row = _row(path)
    (found,) = fetch([Shown(row=row, guesses=())], Session()).values()
    return found


def _pixels(found: Input) -> Any:  # noqa: ANN401 # an array
    data = base64.b64decode(found.image.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)))


def _save(path: Path, size: tuple[int, int] = (40, 20), **more: Any) -> Path:  # noqa: ANN401
    Image.new("RGB", size, (200, 30, 90)).save(path, **more)
    return path


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.jpg", "a.gif", "a.bmp"])
def test_every_kind_that_tensorflow_decodes_has_a_picture(tmp_path: Path, name: str) -> None:
    found = _fetched(_save(tmp_path / name))
    assert _pixels(found).shape == (20, 40, 3)
    assert found.note == ""


def test_a_photograph_is_shown_as_the_model_saw_it_with_a_word_on_its_orientation(
    tmp_path: Path,
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    found = _fetched(_save(tmp_path / "a.jpg", exif=exif))
    assert _pixels(found).shape == (20, 40, 3)  # not turned to 40 x 20
    assert "its EXIF says to turn it" in found.note
    assert "its EXIF says to turn it" in page(facts([CAT], inputs={(CAT.input, 0): found}))


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    levels = np.full((20, 40), 0x4000, np.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    assert abs(int(_pixels(_fetched(tmp_path / "a.png")).mean()) - 0x40) <= 1


def test_a_photograph_of_many_megapixels_has_a_picture_or_a_word(tmp_path: Path) -> None:
    large = (10_000, 6_100)
    assert _pixels(_fetched(_save(tmp_path / "a.jpg", large))).shape[1] == 320
    assert _fetched(_save(tmp_path / "a.png", large)).note == "61 megapixels: too large to show"
