"""Checks that a fork gives the same imports and environment as a fresh start.

A fork has what its parent imported, in the order of its parent's search path, under its parent's
variables. A program whose environment asks for anything else must start afresh.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PATH: Final = "PYTHONPATH"
_READ_AT_START: Final = ("PYTHON", "GEVENT", "GRPC")
"""How variables begin that Python reads when it starts, or a library when it is imported."""
_BYTECODE: Final = "PYTHONDONTWRITEBYTECODE"
_UNBUFFERED: Final = "PYTHONUNBUFFERED"
_SET_LATER: Final = frozenset({_PATH, _BYTECODE, _UNBUFFERED, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"})
"""Of these, what a fork can be given: see :func:`search_path` and :func:`set_switches`.

gRPC reads the name of the file of root certificates when a connection first needs it (found by
trying 1.85.1: a fork's own was used, whatever its parent had when it imported the library).
"""


def is_alike(environment: Mapping[str, str], *, directory: str) -> bool:
    """Whether nothing that is imported here would be something else there.

    Args:
        environment: all variables of the program that is to run.
        directory: where it is to run.
    """
    is_same = _read_at_start(environment) == _read_at_start(_OWN)
    return is_same and not _shadowed(_folders(environment, directory))


def _read_at_start(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_READ_AT_START) and name not in _SET_LATER
    }


def set_switches(environment: Mapping[str, str]) -> None:
    """Have this process write bytecode, and its output, as Python would under the variables."""
    sys.dont_write_bytecode = bool(environment.get(_BYTECODE))
    is_unbuffered = bool(environment.get(_UNBUFFERED))
    if is_unbuffered != bool(_OWN.get(_UNBUFFERED)):
        sys.stdout = _text_output(sys.stdout, is_unbuffered=is_unbuffered, is_by_line=False)
        sys.stderr = _text_output(sys.stderr, is_unbuffered=is_unbuffered, is_by_line=True)


def _text_output(old: TextIO, *, is_unbuffered: bool, is_by_line: bool) -> TextIO:
    """A stream to the same descriptor."""
    return io.TextIOWrapper(
        open(old.fileno(), "wb", buffering=0 if is_unbuffered else -1, closefd=False),
        encoding=old.encoding,
        errors=old.errors,
        line_buffering=is_by_line,
        write_through=is_unbuffered,
    )


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
