"""Unpacks an archive so that no member lands outside its folder.

``tarfile``'s ``filter="data"`` came with Python 3.11.4 and security updates. Debian 12's Python
3.11.2 lacks it.
"""

from __future__ import annotations

import tarfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def extract(archive: tarfile.TarFile, target: Path) -> None:
    """Unpack all members below ``target``.

    Raises:
        tarfile.TarError: a member would land elsewhere, or is not a file, folder or link
            within.
    """
    if hasattr(tarfile, "data_filter"):
        archive.extractall(target, filter="data")
        return
    for member in archive:
        _check(member)
        archive.extract(member, target, set_attrs=False)


def _check(member: tarfile.TarInfo) -> None:
    names = [member.name, *([member.linkname] if member.issym() or member.islnk() else [])]
    outside = any(PurePosixPath(name).is_absolute() or ".." in name.split("/") for name in names)
    if outside or not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise tarfile.ExtractError(f"{member.name!r} would not stay in the folder")
