"""Writes a new project."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from tfbatch.models import pinning
from tfbatch.scaffold import record
from tfbatch.scaffold.files import digests, render
from tfbatch.scaffold.record import Record
from tfbatch.scaffold.stages import model_name, own_model
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfbatch.scaffold.stages import OwnModel

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def create(directory: Path, *, name: str | None, model: str | None) -> list[str]:
    """Write a project into an empty or a new directory.

    Args:
        directory: of the project.
        name: of the project; ``None``: the directory's.
        model: the model to serve, as ``tfbatch model add`` takes it: a folder, an archive or a
            URL. It is copied to ``models/`` and locked. ``None``: the demo's model.

    Returns:
        The paths of the files.

    Raises:
        Problem: the directory has files, the name isn't valid, or the model can't be served.
        FileStoreError: there is no SavedModel.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Problem(f"{directory} is not empty: name a new or an empty directory.")
    name = name or directory.resolve().name
    if not _NAME.fullmatch(name):
        raise Problem(
            f"--name = {name!r}: use letters, digits and ._- inside, as a Python package's name."
        )
    with _nothing_left_of_a_failure(directory):
        own = _brought(directory / "models", model) if model else None
        texts = render(name=name, model=own)
        written = Record(
            version=version("tfbatch"), model=own.name if own else "", files=digests(texts)
        )
        texts[record.FILE] = written.appended(texts[record.FILE])
        for path, text in texts.items():
            file = directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return sorted([*texts, *([f"models/{own.name}.lock.json"] if own else [])])


@contextmanager
def _nothing_left_of_a_failure(directory: Path) -> Iterator[None]:
    """Leave a directory that was empty, or wasn't there, as it was if anything fails."""
    was_there = directory.exists()
    try:
        yield
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        if was_there:
            directory.mkdir()
        raise


def _brought(models: Path, source: str) -> OwnModel:
    """Copy and lock a model, and find out what it takes."""
    name = model_name(source)
    pinning.pin(models / name, source)
    return own_model(models / name, name=name)
