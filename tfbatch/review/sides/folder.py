"""Reads files of a cloud assembly as data: none outside its folder, none that is too large."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tfbatch.review.errors import ReviewError

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024
"""Of a JSON file. A template may have 1 MB, and the tree of a large app has some."""


def inside(folder: Path, name: str) -> Path:
    """The path of a member.

    Raises:
        ReviewError: it is or goes through a symbolic link, or lies outside the folder.
    """
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or path.resolve() != (
        folder.resolve() / name
    ):
        raise ReviewError(
            f"{name!r} leads out of the cloud assembly {folder.name}: an assembly holds its files "
            "itself. Synthesize it again"
        )
    return path


def read_text(folder: Path, name: str) -> str:
    """Read a text file.

    Raises:
        ReviewError: it isn't there, or is too large.
    """
    path = inside(folder, name)
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ReviewError(f"{name} has {size:,} bytes; at most {MOST_BYTES:,} are read")
        return path.read_text()
    except (OSError, ValueError) as error:
        raise ReviewError(f"{name} of the cloud assembly can't be read: {error}") from error


def read_json(folder: Path, name: str) -> Any:  # noqa: ANN401 # any document
    """Read a JSON file.

    Raises:
        ReviewError: it isn't there, is too large or isn't JSON.
    """
    try:
        return json.loads(read_text(folder, name))
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"{name} of the cloud assembly can't be read: {error}") from error


def read_json_if_any(folder: Path, name: str) -> Any:  # noqa: ANN401 # any document
    """The same; ``None`` if there is no such file."""
    return read_json(folder, name) if inside(folder, name).is_file() else None
