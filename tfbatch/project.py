"""Finds the project that a command works on: what ``tfbatch init`` makes, or a checkout."""

from __future__ import annotations

from pathlib import Path

from tfbatch.terminal.problem import Problem

_MARK = "cdk.json"


def directory() -> Path:
    """The nearest folder with a ``cdk.json``, from the working directory upwards.

    Raises:
        Problem: there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / _MARK).is_file():
            return folder
    raise Problem(
        f"There is no {_MARK} in {here} or above it: change to your project's folder, or make a "
        "project with 'tfbatch init FOLDER'."
    )


def models() -> Path:
    """The folder of the project's models.

    Raises:
        Problem: there is no project.
    """
    return directory() / "models"
