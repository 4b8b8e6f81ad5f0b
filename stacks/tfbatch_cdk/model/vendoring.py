"""Installs the handler's packages for the container's Python, for ``code/lib`` of the artifact.

uv selects wheels for the Python and platform of the image and checks them against the lock's
hashes. A cache below this Python's prefix keeps them, so a later synthesis starts no process. Files
that uv adds to the packages are removed, so that two machines make the same artifact.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch_cdk.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CACHE = Path(sys.prefix) / "vendored"
"""Shared by all checkouts that use this Python."""

_LAYOUT = b"1"
"""Part of the cache key; increase it when the contents of a cached folder change."""

_INSTALLERS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
"""Files that uv writes to a wheel's ``.dist-info``. RECORD also lists scripts, which name this
machine's Python and aren't shipped."""

_REMEDIES = {
    "require-hashes": "write it with `uv pip compile --generate-hashes`, as `make lock` does",
    "Hash mismatch": "the file isn't the locked one: find out why, then write the lock again with "
    "`make lock`",
    "usable wheels": "pin a version that has a wheel for it (a source distribution can't be built "
    "for another machine), or do without",
    "not found in the package registry": "correct its name, or set its index in UV_INDEX",
    "error sending request": "the package index can't be reached: go online once, or set a mirror "
    "in UV_DEFAULT_INDEX",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """The Python and platform of a container image."""

    python: str
    """``3.12``"""
    platform: str
    """As uv names it: ``x86_64-manylinux_2_28``."""

    def __str__(self) -> str:
        """As shown in messages."""
        return f"Python {self.python} on {self.platform}"


def packages(locks: Sequence[Path], runtime: Runtime, *, cache: Path = CACHE) -> Mapping[str, Path]:
    """The files of the locks' packages, by their names in ``code/lib``.

    Args:
        locks: files of requirements with versions and hashes.
        runtime: the Python and platform to install for.
        cache: folder that keeps the packages, by lock and runtime.

    Raises:
        SettingsError: a lock or a package can't be used; names it, the Python and the remedy. Or
            two locks bring different contents for one file.
    """
    found: dict[str, Path] = {}
    for lock in locks:
        for name, path in _packages(lock, runtime, cache).items():
            other = found.setdefault(name, path)
            if other != path and other.read_bytes() != path.read_bytes():
                raise SettingsError(
                    f"{lock} and {locks[0]} both bring {name}, with other contents: lock the "
                    "version that the handler's lock has, or set Model.requirements to None and "
                    "list the handler's packages in your own lock"
                )
    return found


def _packages(lock: Path, runtime: Runtime, cache: Path) -> Mapping[str, Path]:
    """The files of one lock's packages."""
    where = f"the lock {str(lock)!r}"
    try:
        contents = lock.read_bytes()
    except OSError as error:
        remedy = "set Model.requirements to the path of a lock, or None for no packages"
        raise SettingsError(f"{where}: {error.strerror}; {remedy}") from None
    key = hashlib.sha256(b"\0".join([_LAYOUT, str(runtime).encode(), contents])).hexdigest()
    folder = cache / key[:32]
    if not folder.is_dir():
        _unpack(lock, runtime, folder, where=where)
    return {path.relative_to(folder).as_posix(): path for path in _files(folder)}


def _unpack(lock: Path, runtime: Runtime, folder: Path, *, where: str) -> None:
    """Create ``folder`` atomically."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        made = Path(temporary) / "lib"
        made.mkdir()
        done = subprocess.run(
            _command(lock, runtime, made), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SettingsError(f"{where}, for {runtime}: {reason(done.stderr)}")
        _remove_installer_files(made)
        with contextlib.suppress(OSError):  # another synthesis was faster
            made.rename(folder)


def _command(lock: Path, runtime: Runtime, target: Path) -> list[str]:
    from uv import find_uv_bin  # noqa: PLC0415 # only needed if the cache has no packages

    return [
        *(
            find_uv_bin(),
            "--system-certs",
            "pip",
            "install",
            "--quiet",
            "--no-progress",
            "--color",
            "never",
        ),
        *("--python", sys.executable, "--target", str(target), "--link-mode", "copy"),
        *("--python-version", runtime.python, "--python-platform", runtime.platform),
        *("--only-binary", ":all:", "--no-deps", "--require-hashes", "--requirements", str(lock)),
    ]


def reason(message: str) -> str:
    """The message of uv on one line, with a remedy."""
    text = " ".join(message.split())
    remedies = [remedy for sign, remedy in _REMEDIES.items() if sign in text]
    return "; ".join([text.rstrip("."), *remedies[:1]])


def _remove_installer_files(folder: Path) -> None:
    shutil.rmtree(folder / "bin", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)
    for metadata in folder.glob("*.dist-info"):
        for name in _INSTALLERS:
            (metadata / name).unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    return (
        path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
