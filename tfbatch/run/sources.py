"""Finds the local files of INPUT: files, folders and patterns."""

from __future__ import annotations

import glob
import hashlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEME = "s3://"
_GLOB = set("*?[")
_SYSTEM = frozenset(("thumbs.db", "desktop.ini", "ehthumbs.db"))
"""What Windows leaves among photos; macOS's are hidden."""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file to upload."""

    path: Path
    name: str
    """Name below the common folder, with ``/``."""
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Files with a common folder."""

    root: Path
    files: tuple[File, ...]
    left_out: tuple[str, ...] = ()
    """Names below ``root`` that are no data: broken links, loops, files of an operating system."""

    @property
    def title(self) -> str:
        """A short title."""
        return self.root.name or "files"

    @property
    def folder(self) -> str:
        """Folder in the input bucket, always the same for a local folder."""
        place = f"{platform.node()}:{self.root}"
        return f"uploads/{self.title}-{hashlib.sha256(place.encode()).hexdigest()[:8]}/"


def find(said: Sequence[str]) -> Source:
    """Find all files of the arguments, symbolic links followed. Hidden ones are skipped.

    Raises:
        Problem: an argument matches nothing, or there is nothing to upload.
    """
    # Not resolved: a link has the name and the place that its folder gives it.
    tops = [Path(os.path.abspath(path)) for one in said for path in _paths(one)]  # noqa: PTH100
    left_out: dict[Path, None] = {}
    found = {path: None for top in tops for path in _files(top, left_out)}
    if not found:
        raise Problem(f"INPUT = {', '.join(said)}: no files are there.")
    folders = [str(top if top.is_dir() else top.parent) for top in tops]
    root = Path(os.path.commonpath(folders))
    files = (_file(root, path) for path in found)
    return Source(
        root=root,
        files=tuple(sorted(files, key=lambda file: file.name)),
        left_out=tuple(sorted(path.relative_to(root).as_posix() for path in left_out)),
    )


def _paths(argument: str) -> list[Path]:
    """An existing path, or the paths of a pattern."""
    path = Path(argument).expanduser()
    if path.exists():
        return [path]
    if _GLOB & set(argument):
        found = [Path(one) for one in glob.glob(str(path), recursive=True)]  # noqa: PTH207 # absolute
        if found:
            return found
    raise Problem(
        f"INPUT = {argument!r}: no such file or folder, and no pattern that fits one; what lies in "
        f"S3 is written s3://bucket/folder/."
    )


def _files(top: Path, left_out: dict[Path, None]) -> Iterator[Path]:
    """The files below a folder. A folder that holds itself by a link is entered once."""
    if not top.is_dir():
        yield top
        return
    for where, folders, names in os.walk(top, followlinks=True):
        here = Path(where)
        inside = [here / name for name in sorted(folders) if not name.startswith(".")]
        loops = {path for path in inside if here.resolve().is_relative_to(path.resolve())}
        folders[:] = [path.name for path in inside if path not in loops]
        files = [here / name for name in names if not name.startswith(".")]
        data = [path for path in files if path.is_file() and path.name.lower() not in _SYSTEM]
        left_out |= dict.fromkeys([*loops, *(path for path in files if path not in data)])
        yield from data


def _file(root: Path, path: Path) -> File:
    name = path.relative_to(root).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        raise Problem(f"{path!r}: keys in S3 are UTF-8, and this name is not: rename it.") from None
    return File(path=path, name=name, size=path.stat().st_size)
