"""Finds the project that a command works on: what ``tfbatch init`` makes, or a checkout."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from tfbatch_cdk.settings import Stage

_MARK = "cdk.json"
STAGES = Path("stacks", "stages.py")
"""The project's stages."""


def directory() -> Path:
    """The nearest folder with a ``cdk.json``, from the working directory upwards.

    Raises:
        Problem: there is none.
    """
    found = find()
    if found is not None:
        return found
    raise Problem(
        f"There is no {_MARK} in {Path.cwd()} or above it: change to your project's folder, or "
        "make a project with 'tfbatch init FOLDER'."
    )


def find() -> Path | None:
    """As :func:`directory`, or ``None``."""
    here = Path.cwd()
    return next((one for one in (here, *here.parents) if (one / _MARK).is_file()), None)


def models() -> Path:
    """The folder of the project's models.

    Raises:
        Problem: there is no project.
    """
    return directory() / "models"


def stages() -> tuple[Stage, ...]:
    """The stages in ``stacks/stages.py``, which runs for it.

    Raises:
        Problem: there is no project, it has no such file, or the file has no ``STAGES``.
    """
    root = directory()
    file = root / STAGES
    if str(root) not in sys.path:  # it may import modules of the project
        sys.path.insert(0, str(root))
    try:
        found: tuple[Stage, ...] = runpy.run_path(str(file))["STAGES"]
    except FileNotFoundError:
        raise Problem(f"There is no {file}, which names the project's stages.") from None
    except KeyError:
        raise Problem(f"{file} has no STAGES: a tuple of tfbatch_cdk.settings.Stage.") from None
    return found


def stage_named(name: str) -> Stage:
    """The stage of the project with a name.

    Raises:
        Problem: there is none, or see :func:`stages`.
    """
    known = stages()
    for stage in known:
        if stage.name == name:
            return stage
    names = ", ".join(stage.name for stage in known)
    raise Problem(f"--stage = {name!r}: not a stage of {STAGES}; use one of {names}.")
