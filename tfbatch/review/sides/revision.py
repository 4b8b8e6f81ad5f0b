"""Resolves a commit or the working tree to a Git tree, and exports its files."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from tfbatch.review.errors import ReviewError
from tfbatch_sandbox.transform import untar

WORKTREE = "WORKTREE"
"""Instead of a commit: the checkout as it is, with uncommitted changes and new files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """The contents of one side."""

    name: str
    """The reviewer's name for it: ``main``, ``HEAD~3``, ``WORKTREE``."""
    tree: str
    """Git's digest of the contents. Commits with the same tree are the same to a review."""
    commit: str | None = None
    """Short hash; ``None`` for the working tree."""

    def __str__(self) -> str:
        """For headings: ``main (1a2b3c4)``."""
        if self.commit is None or self.name.startswith(self.commit):
            return self.name
        return f"{self.name} ({self.commit})"


def resolve(name: str, *, repository: Path) -> Revision:
    """Find a revision by Git's name, or ``WORKTREE``.

    Raises:
        ReviewError: it doesn't exist.
    """
    if name == WORKTREE:
        return Revision(name=name, tree=_working_tree(repository))
    try:
        commit = _git(
            repository, "rev-parse", "--verify", "--quiet", "--short", f"{name}^{{commit}}"
        )
        inside = _git(repository, "rev-parse", "--show-prefix").rstrip("/")
        path = f":{inside}" if inside else "^{tree}"
        tree = _git(repository, "rev-parse", "--verify", f"{commit}{path}")
    except subprocess.CalledProcessError as error:
        raise ReviewError(
            f"{name!r} is no commit of {repository}: name a branch, a tag or a commit that "
            f"`git log` shows (a shallow clone lacks most: `git fetch --unshallow`), or {WORKTREE}"
        ) from error
    return Revision(name=name, tree=tree, commit=commit)


def merge_base(base: Revision, head: Revision, *, repository: Path) -> Revision:
    """The commit from which the head's changes start, which a base that went on isn't.

    Without one, as in a shallow clone, the base itself.
    """
    if base.commit is None:
        return base
    try:
        commit = _git(repository, "merge-base", base.commit, head.commit or "HEAD")
    except subprocess.CalledProcessError:
        return base
    found = resolve(commit, repository=repository)
    return base if found.tree == base.tree else replace(found, name=f"where it left {base.name}")


def export(revision: Revision, *, repository: Path, target: Path) -> None:
    """Write a revision's files to ``target``, without changing the checkout."""
    target.mkdir(parents=True, exist_ok=True)
    command = ["git", "-C", str(repository), "archive", "--format=tar", revision.tree]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=cast("IO[bytes]", process.stdout), mode="r|") as archive,
    ):
        try:
            untar.extract(archive, target)
        except tarfile.TarError as error:
            process.kill()
            raise ReviewError(
                f"{revision} has a file that leads out of the repository: {error}. Replace the "
                "link by what it points to"
            ) from error
    if process.returncode:
        raise ReviewError(f"git archive {revision.tree} ended with {process.returncode}")


def _working_tree(repository: Path) -> str:
    """Write the working tree as a tree object, with a temporary index."""
    own = Path(_git(repository, "rev-parse", "--absolute-git-dir")) / "index"
    with tempfile.TemporaryDirectory(prefix="tfbatch-review-") as directory:
        index = Path(directory) / "index"
        if own.is_file():
            shutil.copy(own, index)  # its cached file times save Git from reading every file
        environment = os.environ | {"GIT_INDEX_FILE": str(index)}
        inside = _git(repository, "rev-parse", "--show-prefix")
        prefix = [f"--prefix={inside}"] if inside else []
        _git(repository, "add", "--all", environment=environment)
        return _git(repository, "write-tree", *prefix, environment=environment)


def _git(repository: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments],
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()
