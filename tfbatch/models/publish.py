"""Writes the ``model.tar.gz`` of a model that isn't on the machine that synthesized it.

``cdk deploy`` runs it, if S3 doesn't have the artifact yet, with the paths of the model's lock and
of the archive of the artifact's code. It prints the path of the artifact, and nothing else.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.models import pinning
from tfbatch.terminal.problem import Problem, explained
from tfbatch_cdk.model import lock, tarball
from tfbatch_cdk.model.artifact import CODE_ALONE
from tfbatch_functions.planning import tarball as archive
from tfbatch_sandbox.transform import untar

if TYPE_CHECKING:
    from collections.abc import Sequence


def publish(path: Path, code: Path) -> Path:
    """Fetch a locked model if it is missing, and write its artifact beside its code.

    Args:
        path: the lock.
        code: ``asset.<digest>.code.tar.gz`` of the cloud assembly.

    Returns:
        The artifact.

    Raises:
        Problem: the model's files aren't the locked ones, or the lock has changed since the
            synthesis.
    """
    pinning.fetch(path)
    locked = pinning.locked(path)
    directory = lock.directory_of(path)
    target = code.with_name(code.name.replace(CODE_ALONE, "fetched.tar.gz"))
    with tempfile.TemporaryDirectory(prefix="tfbatch-publish-") as folder:
        with tarfile.open(code) as members:
            untar.extract(members, Path(folder))
        files = {file.relative_to(folder).as_posix(): file for file in _below(Path(folder))}
        files |= {
            f"code/{name}" if name in locked.labels else name: directory / name
            for name in locked.files
        }
        tarball.write(target, files)
    with target.open("rb") as file:
        found = archive.digest(iter(lambda: file.read(1 << 20), b""))
    if f"asset.{found}." not in code.name:
        raise Problem(f"{path.name} has changed since the synthesis: synthesize again.")
    return target


def _below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def main(arguments: Sequence[str]) -> None:
    """Print the artifact's path."""
    lock_file, code = map(Path, arguments)
    try:
        with explained():
            sys.stdout.write(f"{publish(lock_file, code)}\n")
    except Problem as problem:
        sys.exit(f"{lock_file.name.removesuffix('.lock.json')}: {problem.message}")


if __name__ == "__main__":
    main(sys.argv[1:])
