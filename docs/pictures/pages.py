"""Makes docs/report.png and docs/tune.svg from a run and a search on the deployed stage."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageEnhance

from tfbatch.demo import photos
from tfbatch.terminal.browser import VARIABLE, Browser

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
CROPS = 20
"""Of each of the demo's photographs."""
SIZE = (1240, 1790)
"""Of the picture of a report, in pixels."""
OBJECTS = "120"
"""That each trial of the search runs over."""


def take(directory: Path) -> None:
    """Run over parts of photographs, report, and search.

    Args:
        directory: gets what is made on the way.
    """
    crops(directory)
    _tfbatch("run", "crops", "--wait", cwd=directory)
    _tfbatch("report", "--to", "report.html", cwd=directory)
    browser = Browser.find()
    if browser is None:
        sys.exit(f"docs/report.png needs a Chromium: install one, or name it in {VARIABLE}")
    browser.picture(directory / "report.html", DOCS / "report.png", size=SIZE)
    small(DOCS / "report.png")
    given = json.loads(_tfbatch("show", "--json", cwd=directory))["request"]["input"]
    options = ("--format", "jpeg", "--objects", OBJECTS, "--to", "tune")
    _tfbatch("tune", given, *options, cwd=directory)
    shutil.copy(directory / "tune" / "tune.svg", DOCS / "tune.svg")


def crops(directory: Path) -> None:
    """Write a folder ``crops`` of parts of the demo's photographs, and two broken ones."""
    chance = random.Random(4)  # noqa: S311 # the same picture each time
    few = photos.collect(directory / "few").directory / "photos"
    folder = directory / "crops"
    folder.mkdir()
    for path in sorted(few.glob("*.jpg")):
        with Image.open(path) as opened:
            photo = opened.convert("RGB")
        for number in range(CROPS):
            _part(photo, chance).save(folder / f"{path.stem}-{number:02}.jpg", quality=88)
    (folder / "broken-1.jpg").write_bytes((folder / "cat-00.jpg").read_bytes()[:900])
    (folder / "broken-2.jpg").write_text("not a photograph")


def _part(photo: Image.Image, chance: random.Random) -> Image.Image:
    share = chance.uniform(0.45, 1)
    width, height = (int(side * share) for side in photo.size)
    left, top = (chance.randint(0, most) for most in (photo.width - width, photo.height - height))
    part = photo.crop((left, top, left + width, top + height))
    part.thumbnail((480, 480))
    return ImageEnhance.Brightness(part).enhance(chance.uniform(0.7, 1.3))


def small(path: Path) -> None:
    """Reduce a picture to 256 colors."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(
            path, optimize=True
        )


def _tfbatch(*arguments: str, cwd: Path) -> str:
    """Run the command; exit code 3 says that the broken photographs have no prediction."""
    command = [sys.executable, "-m", "tfbatch", *arguments]
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in {0, 3}:
        sys.exit(done.returncode)
    return done.stdout
