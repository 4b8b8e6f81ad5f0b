"""Synthesizes revisions without credentials, and caches the results."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.review.sides import programs
from tfbatch.review.sides import revision as revisions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch.review.sides.revision import Revision

_KEPT = 12
"""Assemblies in the cache: the last commits of a pull request and its base."""


def synthesize(sides: Sequence[Revision], *, repository: Path, cache: Path) -> Mapping[str, Path]:
    """Find or make the assemblies of every stage of each side.

    Args:
        sides: what to synthesize; equal trees are made once.
        repository: the checkout, whose ``models/`` (ignored by Git) every side uses.
        cache: folder of assemblies.

    Returns:
        By tree, the folder with one folder for each stage.

    Raises:
        ReviewError: a side's app fails; the message has the end of its output.
    """
    salt = programs.identity() + _digest_of_files(repository / "models")
    found = {side.tree: cache / _key(side, salt) for side in sides}
    missing = {side.tree: side for side in sides if not programs.is_whole(found[side.tree])}
    if missing:
        _make({found[tree]: side for tree, side in missing.items()}, repository, cache)
    for folder in found.values():
        os.utime(folder)
    _forget_the_oldest(cache, kept=max(_KEPT, len(found)))
    return found


def link_models(source: Path, root: Path) -> None:
    """Link a checkout to the models, which Git ignores and synthesis needs."""
    (root / "models").mkdir(exist_ok=True)
    for model in source.iterdir() if source.is_dir() else ():
        if not (root / "models" / model.name).exists():
            (root / "models" / model.name).symlink_to(model, target_is_directory=True)


def _make(sides: Mapping[Path, Revision], repository: Path, cache: Path) -> None:
    """Synthesize into a temporary folder, and move the result into place."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=cache) as directory:
        jobs = {}
        for target, side in sides.items():
            root = Path(directory) / target.name / "checkout"
            revisions.export(side, repository=repository, target=root)
            link_models(repository / "models", root)
            output = root.with_name("assemblies")
            jobs[target] = programs.Job(root=root, output=output, name=str(side))
        programs.run(list(jobs.values()), lint_cache=cache / "lint")
        for target, job in jobs.items():
            shutil.rmtree(target, ignore_errors=True)
            job.output.replace(target)


def _key(side: Revision, salt: str) -> str:
    return f"assembly-{hashlib.sha256((side.tree + salt).encode()).hexdigest()[:32]}"


def _digest_of_files(folder: Path) -> str:
    """Digest of names, sizes and times, because a large model has gigabytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = [f"{path} {(s := path.stat()).st_size} {s.st_mtime_ns}" for path in files]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _forget_the_oldest(cache: Path, *, kept: int) -> None:
    by_age = sorted(cache.glob("assembly-*"), key=lambda folder: folder.stat().st_mtime)
    for folder in by_age[:-kept]:
        shutil.rmtree(folder, ignore_errors=True)
