"""Synthesizes revisions without credentials, each once: a cache keeps what was made of which."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.review import revision as revisions
from tfbatch.review.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch.review.revision import Revision

_PROGRAM = Path(__file__).with_name("synthesizer.py")
_TOOLS = ("aws-cdk-lib", "constructs", "cdk-nag", "cfn-lint")
_KEPT = 12
"""Assemblies in the cache: the last few commits of a pull request and its base."""
_LAST_LINES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A checkout to synthesize."""

    root: Path
    output: Path
    """Gets a folder for each stage: its cloud assembly, its settings, cfn-lint's findings."""
    stages: Sequence[str] | None = None
    """All that the checkout knows when ``None``."""


def synthesize(
    sides: Sequence[Revision], *, repository: Path, cache: Path
) -> Mapping[str, Path]:
    """Find or make the assemblies of every stage of each side.

    Args:
        sides: what to synthesize; those with the same tree are made once.
        repository: the checkout; its ``models/``, which Git ignores, serve every side.
        cache: where assemblies are kept.

    Returns:
        By tree, the folder with one folder for each stage.

    Raises:
        ReviewError: a side's app fails; the message has the end of what it said.
    """
    models = _digest_of_files(repository / "models")
    found = {side.tree: cache / _key(side, models) for side in sides}
    missing = {side.tree: side for side in sides if not _is_whole(found[side.tree])}
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(
            pool.map(
                lambda side: _make(side, found[side.tree], repository=repository, cache=cache),
                missing.values(),
            )
        )
    for folder in found.values():
        os.utime(folder)
    _forget_the_oldest(cache)
    return found


def run(jobs: Sequence[Job], *, lint_cache: Path) -> None:
    """Synthesize checkouts in one process, one after another.

    Raises:
        ReviewError: one failed.
    """
    with tempfile.TemporaryDirectory(prefix="tfbatch-review-") as directory:
        listing = Path(directory) / "jobs.json"
        rows = [
            {
                "root": str(job.root),
                "output": str(job.output),
                "stages": job.stages,
                "lint_cache": str(lint_cache),
            }
            for job in jobs
        ]
        listing.write_text(json.dumps(rows))
        done = subprocess.run(
            [sys.executable, "-P", str(_PROGRAM), str(listing)],
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
        )
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-_LAST_LINES:])
        raise ReviewError(f"{jobs[-1].root} can't be synthesized:\n{end}")


def link_models(source: Path, root: Path) -> None:
    """Give a checkout the models it doesn't bring itself: Git ignores them, builds need them."""
    (root / "models").mkdir(exist_ok=True)
    for model in source.iterdir() if source.is_dir() else ():
        if not (root / "models" / model.name).exists():
            (root / "models" / model.name).symlink_to(model, target_is_directory=True)


def _make(side: Revision, target: Path, *, repository: Path, cache: Path) -> None:
    """Synthesize into a folder beside the target, and move it there whole."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=cache) as directory:
        root, output = Path(directory) / "checkout", Path(directory) / "assemblies"
        revisions.export(side, repository=repository, target=root)
        link_models(repository / "models", root)
        try:
            run([Job(root=root, output=output)], lint_cache=cache / "lint")
        except ReviewError as error:
            raise ReviewError(f"{side}: {error}") from error
        shutil.rmtree(target, ignore_errors=True)
        output.replace(target)


def _environment() -> dict[str, str]:
    """No credentials, no account, and this environment's Node.js."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS", "CDK"))}
    path = os.pathsep.join((str(Path(sys.executable).parent), own.get("PATH", "")))
    return own | {"PATH": path, "AWS_EC2_METADATA_DISABLED": "true"}


def _key(side: Revision, models: str) -> str:
    """A digest of all that an assembly depends on."""
    parts = [side.tree, models, sys.version, _PROGRAM.read_text()]
    parts += [f"{tool} {version(tool)}" for tool in _TOOLS]
    return f"assembly-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def _digest_of_files(folder: Path) -> str:
    """Of names, sizes and times: contents would be gigabytes for a large model."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = [f"{path} {(s := path.stat()).st_size} {s.st_mtime_ns}" for path in files]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _is_whole(folder: Path) -> bool:
    return (folder / "stages.json").is_file()


def _forget_the_oldest(cache: Path) -> None:
    kept = sorted(cache.glob("assembly-*"), key=lambda folder: folder.stat().st_mtime)
    for folder in kept[:-_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)
