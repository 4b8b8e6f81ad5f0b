"""Whether a process that is forked would be like one that is started afresh, and making it so.

A fork has what its parent imported, in the order of its parent's search path, under its parent's
variables. A program whose environment asks for anything else must start afresh.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PATH: Final = "PYTHONPATH"
_READ_AT_START: Final = ("PYTHON", "GEVENT", "GRPC")
"""How variables begin that Python reads when it starts, or a library when it is imported."""


def is_alike(environment: Mapping[str, str], *, directory: str) -> bool:
    """Whether nothing that is imported here would be something else there.

    Args:
        environment: all variables of the program that is to run.
        directory: where it is to run.
    """
    chosen = {
        name: value
        for name, value in environment.items()
        if name.startswith(_READ_AT_START) and name != _PATH
    }
    return chosen.items() <= _OWN.items() and not _shadowed(_folders(environment, directory))


def search_path(environment: Mapping[str, str], *, directory: str) -> Sequence[str]:
    """``sys.path`` as ``python -m`` makes it in a directory."""
    return [directory, *dict.fromkeys([*_folders(environment, directory), *_REST])]


def _folders(environment: Mapping[str, str], directory: str) -> Sequence[str]:
    text = environment.get(_PATH, "")
    return [os.path.normpath(Path(directory, one)) for one in text.split(os.pathsep) if text]


def _shadowed(folders: Sequence[str]) -> bool:
    """Whether a folder that only the program has holds another module of an imported name."""
    imported = {name.partition(".")[0] for name in sys.modules}
    found = {
        entry.name.partition(".")[0]
        for folder in folders
        if folder not in _OWN_FOLDERS and Path(folder).is_dir()
        for entry in Path(folder).iterdir()
    }
    return bool(imported & found)


_OWN: Final = dict(os.environ)
_OWN_FOLDERS: Final = _folders(_OWN, str(Path.cwd()))
_REST: Final = [entry for entry in sys.path[1:] if entry not in _OWN_FOLDERS]
