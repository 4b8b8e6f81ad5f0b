"""Synthesizes revisions without credentials, and caches their cloud assemblies."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.review.sides import programs
from tfbatch.review.sides import revision as revisions
from tfbatch_cdk.model import lock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch.review.sides.revision import Revision

_KEPT = 12
"""Assemblies in the cache: the last few commits of a pull request and its base."""
_KEPT_ENVIRONMENTS = 4
"""Environments of packages in the cache: the last few locks."""
_STALE_SECONDS = 24 * 60 * 60
"""Age at which an unfinished synthesis belongs to a review that was killed."""


def synthesize(sides: Sequence[Revision], *, repository: Path, cache: Path) -> Mapping[str, Path]:
    """Return the cloud assemblies of each side, from the cache where it has them.

    Args:
        sides: the revisions; equal trees are synthesized once.
        repository: the checkout whose ``models/``, which Git ignores, every side uses.
        cache: the folder of assemblies.

    Returns:
        For each tree, a folder with one folder per stage.

    Raises:
        ReviewError: an app failed; the message ends with its last output.
    """
    salt = programs.identity() + _digest_of_files(repository / "models")
    found = {side.tree: cache / _key(side, salt) for side in sides}
    missing = {side.tree: side for side in sides if not programs.is_whole(found[side.tree])}
    if missing:
        _make({found[tree]: side for tree, side in missing.items()}, repository, cache)
    for folder in found.values():
        os.utime(folder)
    clean(cache, kept=max(_KEPT, len(found)))
    return found


def link_models(source: Path, root: Path) -> None:
    """Link the models that a checkout lacks: Git ignores them, and a build needs them.

    A model that the checkout locks needs no files, and those here may be of another revision.
    """
    if not (root / "models").is_dir():
        (root / "models").mkdir()
    for model in source.iterdir() if source.is_dir() else ():
        link = root / "models" / model.name
        if not link.exists() and not lock.path_of(link).exists():
            (root / "models" / model.name).symlink_to(model, target_is_directory=True)


def _make(sides: Mapping[Path, Revision], repository: Path, cache: Path) -> None:
    """Synthesize into a temporary folder, then move each finished assembly into the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=cache) as directory:
        jobs = {}
        for target, side in sides.items():
            root = Path(directory) / target.name / "checkout"
            revisions.export(side, repository=repository, target=root)
            link_models(repository / "models", root)
            output = root.with_name("assemblies")
            jobs[target] = programs.Job(root=root, output=output, name=str(side))
        programs.run(list(jobs.values()), cache=cache)
        for target, job in jobs.items():
            _keep_locks(job)
            shutil.rmtree(target, ignore_errors=True)
            job.output.replace(target)


LOCKS = "locks"
"""The folder of an assembly's copies of ``models/*.lock.json``."""


def _keep_locks(job: programs.Job) -> None:
    """Copy the models' locks beside the assemblies, where a review of them finds them."""
    (job.output / LOCKS).mkdir(exist_ok=True)
    for file in job.root.glob("models/*.lock.json"):
        if file.is_file() and not file.is_symlink():
            shutil.copyfile(file, job.output / LOCKS / file.name)


def _key(side: Revision, salt: str) -> str:
    return f"assembly-{hashlib.sha256((side.tree + salt).encode()).hexdigest()[:32]}"


def _digest_of_files(folder: Path) -> str:
    """Digest names, sizes and times: a large model has gigabytes of contents."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = [f"{path} {(s := path.stat()).st_size} {s.st_mtime_ns}" for path in files]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def clean(cache: Path, *, kept: int) -> None:
    """Delete the oldest assemblies and environments, and what killed reviews left unfinished."""
    counts = {"assembly-*": kept, "environment-*": _KEPT_ENVIRONMENTS}
    old = [
        folder
        for pattern, count in counts.items()
        for folder in sorted(cache.glob(pattern), key=_modified)[:-count]
    ]
    stale = time.time() - _STALE_SECONDS
    unfinished = [folder for folder in cache.glob("making-*") if _modified(folder) < stale]
    for folder in (*old, *unfinished):
        shutil.rmtree(folder, ignore_errors=True)


def _modified(folder: Path) -> float:
    return folder.stat().st_mtime
