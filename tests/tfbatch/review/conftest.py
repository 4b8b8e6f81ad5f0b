"""Makes the golden pull requests on a throw-away clone, and reviews each once."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.paths import REPOSITORY
from tests.tfbatch.review.pull_requests import PULL_REQUESTS
from tests.tfbatch.review.template_changes import TEMPLATE_CHANGES
from tests.tfbatch.review.templates import edited
from tfbatch.review import main
from tfbatch.review.compare import cloudformation
from tfbatch.review.compare.packages import package_findings
from tfbatch.review.review import compare
from tfbatch.review.sides import programs, revision, synthesis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tfbatch.review.finding import Finding
    from tfbatch.review.review import Review
    from tfbatch.review.sides.assembly import Stage

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
def assemblies(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The assemblies of the base and of each golden pull request; one process makes them all."""
    folder = tmp_path_factory.mktemp("golden")
    wanted = {branch(one.name): one.stages for one in PULL_REQUESTS}
    jobs = {BASE: _job(clone, folder, BASE, ("dev", "prod"))}
    jobs |= {name: _job(clone, folder, name, stages) for name, stages in wanted.items()}
    programs.run(list(jobs.values()), lint_cache=None)
    return {name: job.output for name, job in jobs.items()}


@pytest.fixture(scope="session")
def stages(assemblies: Mapping[str, Path]) -> Mapping[str, Stage]:
    """The stages of the base, by name."""
    return {stage.name: stage for stage in main.load(assemblies[BASE])}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """Both sides of a golden pull request."""

    base: Sequence[Stage]
    head: Sequence[Stage]
    more: Sequence[Finding] = ()


@pytest.fixture(scope="session")
def sides(
    clone: Clone, assemblies: Mapping[str, Path], stages: Mapping[str, Stage]
) -> Mapping[str, Sides]:
    """Both sides of every golden pull request, by name."""
    made = {}
    for one in PULL_REQUESTS:
        made[one.name] = Sides(
            base=main.load(assemblies[BASE], wanted=one.stages),
            head=main.load(assemblies[branch(one.name)]),
            more=package_findings(*clone.sides(one.name), repository=clone.path),
        )
    for change in TEMPLATE_CHANGES:
        base = stages[change.stage]
        base = edited(base, change.before) if change.before else base
        made[change.name] = Sides(base=[base], head=[edited(base, change.change)])
    return made


@pytest.fixture(scope="session")
def reviews(sides: Mapping[str, Sides]) -> Mapping[str, Review]:
    """The review of each golden pull request, by name; one process compares all templates."""
    return review_all(sides)


def review_all(sides: Mapping[str, Sides]) -> dict[str, Review]:
    """Review many changes at once: starting Node.js takes a second."""
    pairs = [pair for one in sides.values() for pair in paired(one)]
    compared = iter(cloudformation.compare(pairs))
    return {
        name: compare(
            base=one.base,
            head=one.head,
            base_name=BASE,
            head_name=branch(name),
            more=one.more,
            compared=[next(compared) for _ in paired(one)],
        )
        for name, one in sides.items()
    }


def paired(sides: Sides) -> list[tuple[Stage, Stage]]:
    """The stages that both sides have."""
    before = {stage.name: stage for stage in sides.base}
    return [(before[stage.name], stage) for stage in sides.head if stage.name in before]


def _job(clone: Clone, folder: Path, name: str, stages: Sequence[str]) -> programs.Job:
    root = folder / name / "checkout"
    side = revision.resolve(name, repository=clone.path)
    revision.export(side, repository=clone.path, target=root)
    synthesis.link_models(clone.path / "models", root)
    return programs.Job(root=root, output=folder / name / "made", stages=stages, name=name)
