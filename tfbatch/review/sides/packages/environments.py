"""The installed packages, and environments that uv builds from a lock and that are kept."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import canonicalize_name
from uv import find_uv_bin

from tfbatch.review.errors import ReviewError
from tfbatch_cdk.model.vendoring import reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfbatch.review.sides.runner import Runner


UV = ("--system-certs", "--quiet", "--no-progress", "--color", "never")


class Installed(NamedTuple):
    """A package that is installed. Its ``.dist-info`` folder names it and its version."""

    version: str
    folder: Path


def installed_in(path: Iterable[Path]) -> dict[str, Installed]:
    """The first package of each name, which is the one that is imported."""
    found: dict[str, Installed] = {}
    for folder in (folder for entry in path for folder in entry.glob("*.dist-info")):
        name, _, version = folder.stem.partition("-")
        found.setdefault(canonicalize_name(name), Installed(version, folder))
    return found


def build(text: str, root: Path, *, runner: Runner, cache: Path, name: str) -> Path:
    """The Python of an environment with the packages of a lock, from the cache if it has it.

    Raises:
        ReviewError: it can't be built, for example without a network.
    """
    target = cache / f"environment-{digest(text + sys.version + sys.platform)[:32]}"
    if not target.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=cache) as directory:
            made = Path(directory) / "environment"
            _install(made, text, root, runner=runner, name=name)
            if not target.is_dir():
                made.rename(target)
    os.utime(target)
    return target / "bin" / "python"


def _install(made: Path, text: str, root: Path, *, runner: Runner, name: str) -> None:
    requirements = made.with_name("requirements.txt")
    requirements.write_text(text)
    python = ("--python", str(made / "bin" / "python"))
    tried = [
        ("venv", "--relocatable", "--no-project", "--python", sys.executable, str(made)),
        # What uv has kept of an exact version needs no network.
        ("pip", "sync", *python, "--offline", str(requirements)),
        ("pip", "sync", *python, str(requirements)),
    ]
    for command in tried:
        uv = [find_uv_bin(), *UV, *command]
        ended = runner.run(uv, folder=root, name=name, variables={})
        if not ended.code and "pip" in command:
            return
    raise ReviewError(reason(ended.error))


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
