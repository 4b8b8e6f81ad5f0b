"""Photographs that installed packages bring along, in place of Open Images' 100,000.

``python -m examples.photographs FOLDER [COUNT]`` writes them there as JPEG files.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tfbatch.demo import photos

ALL = 12


def write(folder: Path, *, count: int = ALL) -> list[Path]:
    """Write the first ``count`` photographs to a folder; what has a photograph's name is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        found = photos.collect(Path(temporary))
        for name in found.jpegs[:count]:
            shutil.copy(found.directory / "photos" / name, folder / name)
    return [folder / name for name in found.jpegs[:count]]


if __name__ == "__main__":
    written = write(Path(sys.argv[1]), count=int(sys.argv[2]) if len(sys.argv) > 2 else ALL)  # noqa: PLR2004
    print(f"{len(written)} photographs are in {sys.argv[1]}")
