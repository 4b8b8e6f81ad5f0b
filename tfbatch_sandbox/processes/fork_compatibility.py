"""Checks that a fork gives the same imports and environment as a fresh start.

A fork has its parent's imports, search path and variables. A program whose environment differs in a
way that matters must start afresh.
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
"""Prefixes of variables that Python reads at start, or a library at import."""
_BYTECODE: Final = "PYTHONDONTWRITEBYTECODE"
_UNBUFFERED: Final = "PYTHONUNBUFFERED"
_SET_LATER: Final = frozenset({_PATH, _BYTECODE, _UNBUFFERED, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"})
"""Of these, the ones that a fork can set: see :func:`search_path` and :func:`set_switches`.

gRPC reads the path of the root certificates when a connection first needs it (tried with 1.85.1:
a fork used its own, whatever its parent had at import)."""

_OF_THE_SDK: Final = frozenset(
    {"AWS_CONFIG_FILE", "AWS_DATA_PATH", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE"}
)
"""Settings that the SDK's own session has read."""


def is_alike(environment: Mapping[str, str], *, directory: str) -> bool:
    """Whether every imported module would be the same in a fresh start.

    Args:
        environment: all variables of the program.
        directory: its working directory.
    """
    is_same = _read_at_start(environment) == _read_at_start(_OWN)
    is_read = all(environment.get(name, _OWN.get(name)) == _OWN.get(name) for name in _OF_THE_SDK)
    return is_same and is_read and not _shadowed([directory, *_folders(environment, directory)])


def _read_at_start(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_READ_AT_START) and name not in _SET_LATER
    }


def set_switches(environment: Mapping[str, str]) -> None:
    """Make this process write bytecode and output as the variables say."""
    sys.dont_write_bytecode = bool(environment.get(_BYTECODE))
    is_unbuffered = bool(environment.get(_UNBUFFERED))
    if is_unbuffered != bool(_OWN.get(_UNBUFFERED)):
        sys.stdout = _text_output(sys.stdout, is_unbuffered=is_unbuffered, is_by_line=False)
        sys.stderr = _text_output(sys.stderr, is_unbuffered=is_unbuffered, is_by_line=True)


def _text_output(old: TextIO, *, is_unbuffered: bool, is_by_line: bool) -> TextIO:
    """A text stream to the same descriptor."""
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
    """Whether a folder of the program has another module of an imported name."""
    imported = {name.partition(".")[0] for name in sys.modules}
    found = {
        entry.name.partition(".")[0]
        for folder in folders
        if folder not in {_OWN_DIRECTORY, *_OWN_FOLDERS} and Path(folder).is_dir()
        for entry in Path(folder).iterdir()
    }
    return bool(imported & found)


_OWN: Final = dict(os.environ)
_OWN_DIRECTORY: Final = str(Path.cwd())
_OWN_FOLDERS: Final = _folders(_OWN, _OWN_DIRECTORY)
_REST: Final = [entry for entry in sys.path[1:] if entry not in _OWN_FOLDERS]
