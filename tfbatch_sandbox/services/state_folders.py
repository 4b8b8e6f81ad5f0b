"""Folders in the state directory that are named by requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_sandbox.services.errors import ApiError

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 255


def below(folder: Path, *names: str) -> Path:
    """A folder below another one.

    Raises:
        ApiError: a name would lead elsewhere, or is none of a folder.
    """
    return folder.joinpath(*map(checked, names))


def checked(name: str) -> str:
    """The name, if it is that of a file in a folder.

    Raises:
        ApiError: it isn't.
    """
    is_name = name not in {"", ".", ".."} and not {"/", "\\", "\0"} & set(name)
    if not is_name or len(name.encode()) > _LONGEST:
        raise ApiError("ValidationException", f"{name!r} can't be the name of a folder")
    return name
