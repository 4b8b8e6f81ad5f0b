"""Makes the golden pull requests on a throw-away clone, and reviews each once."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.paths import REPOSITORY
from tests.tfbatch.review.pull_requests import PULL_REQUESTS
from tfbatch.review import main
from tfbatch.review.compare.packages import package_findings
from tfbatch.review.review import compare
from tfbatch.review.sides import programs, revision, synthesis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tfbatch.review.review import Review

BASE = "base"


@dataclass(frozen=True, kw_only=True, slots=True)
class Clone:
    """A clone of this repository with a branch for each golden pull request."""

    path: Path
    cache: Path

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=A. Reviewer", "-c", "user.email=reviewer@example.com")
        done = subprocess.run(
            ["git", "-C", str(self.path), *identity, *arguments],
            capture_output=True,
            check=True,
            text=True,
        )
        return done.stdout

    def commit(self, branch: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", branch)
        self.git("branch", "--force", branch)

    def review(self, head: str) -> Review:
        request = main.Request(repository=self.path, base=BASE, head=head)
        return main.make(request, cache=self.cache)

    def sides(self, pull_request: str) -> tuple[revision.Revision, revision.Revision]:
        base = revision.resolve(BASE, repository=self.path)
        return base, revision.resolve(branch(pull_request), repository=self.path)


def branch(name: str) -> str:
    return name.replace(" ", "-")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The working tree as it is now, committed as ``base``, and a branch for each change of it."""
    made = Clone(
        path=tmp_path_factory.mktemp("clone") / "tfbatch", cache=tmp_path_factory.mktemp("cache")
    )
    now = revision.resolve(revision.WORKTREE, repository=REPOSITORY)
    subprocess.run(
        ["git", "clone", "--quiet", "--shared", "--no-checkout", str(REPOSITORY), str(made.path)],
        check=True,
    )
    made.git("read-tree", "--reset", "-u", now.tree)
    _lighten(REPOSITORY / "models", made.path / "models")
    made.commit(BASE)
    for pull_request in PULL_REQUESTS:
        pull_request.change(made.path)
        made.commit(branch(pull_request.name))
        made.git("checkout", "--quiet", "--detach", BASE)
    return made


def _lighten(source: Path, target: Path) -> None:
    """Copy the models without their weights, which a synthesis only packs."""
    for file in source.rglob("*"):
        if file.is_file():
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes() if "variables" not in file.parts else b"weights")


@pytest.fixture(scope="session")
def reviews(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Review]:
    """The review of each golden pull request, by name; one process synthesizes them all."""
    folder = tmp_path_factory.mktemp("golden")
    wanted = {branch(one.name): one.stages for one in PULL_REQUESTS}
    jobs = {BASE: _job(clone, folder, BASE, ("dev", "prod"))}
    jobs |= {name: _job(clone, folder, name, stages) for name, stages in wanted.items()}
    programs.run(list(jobs.values()), lint_cache=None)
    made = {}
    for one in PULL_REQUESTS:
        made[one.name] = compare(
            base=main.load(jobs[BASE].output, wanted=one.stages),
            head=main.load(jobs[branch(one.name)].output),
            base_name=BASE,
            head_name=branch(one.name),
            more=package_findings(*clone.sides(one.name), repository=clone.path),
        )
    return made


def _job(clone: Clone, folder: Path, name: str, stages: Sequence[str]) -> programs.Job:
    root = folder / name / "checkout"
    side = revision.resolve(name, repository=clone.path)
    revision.export(side, repository=clone.path, target=root)
    synthesis.link_models(clone.path / "models", root)
    return programs.Job(root=root, output=folder / name / "made", stages=stages, name=name)
