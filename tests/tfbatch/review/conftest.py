"""Makes the golden pull requests on a throw-away clone, and reviews each once."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.paths import REPOSITORY
from tests.tfbatch.review.pull_requests import PULL_REQUESTS
from tests.tfbatch.review.template_changes import TEMPLATE_CHANGES
from tests.tfbatch.review.templates import edited
from tfbatch.review import main
from tfbatch.review.compare import cloudformation, locks
from tfbatch.review.compare.locks import Locks
from tfbatch.review.request import Request
from tfbatch.review.review import compare
from tfbatch.review.sides import revision, synthesis
from tfbatch.review.sides.loading import load
from tfbatch.review.sides.packages import sides as packages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch.review.finding import Finding
    from tfbatch.review.review import Review
    from tfbatch.review.sides.assembly import Stage

BASE = "base"
SYNTHESIZER = Path(__file__).with_name("synthesizer.py")


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
        request = Request(repository=self.path, base=BASE, head=head)
        return main.make(request, cache=self.cache)

    def locks(self, name: str) -> Locks:
        text = self.git("show", f"{name}:requirements/all.lock")
        return Locks(packages=packages.parse("requirements/all.lock", text), models={})


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
    jobs = [_job(clone, folder, BASE, ("dev", "prod"))]
    jobs += [_job(clone, folder, name, stages) for name, stages in wanted.items()]
    (folder / "jobs.json").write_text(json.dumps(jobs))
    command = [sys.executable, "-P", str(SYNTHESIZER), str(folder / "jobs.json")]
    subprocess.run(command, check=True, capture_output=True)
    return {job["name"]: Path(job["output"]) for job in jobs}


@pytest.fixture(scope="session")
def stages(assemblies: Mapping[str, Path]) -> Mapping[str, Stage]:
    """The stages of the base, by name."""
    return {stage.name: stage for stage in load(assemblies[BASE])}


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
            base=load(assemblies[BASE], wanted=one.stages),
            head=load(assemblies[branch(one.name)]),
            more=locks.findings(*(clone.locks(name) for name in (BASE, branch(one.name)))),
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


def _job(clone: Clone, folder: Path, name: str, stages: Sequence[str]) -> dict[str, Any]:
    root = folder / name / "checkout"
    side = revision.resolve(name, repository=clone.path)
    revision.export(side, repository=clone.path, target=root)
    synthesis.link_models(clone.path / "models", root)
    output = str(folder / name / "made")
    return {"name": name, "root": str(root), "output": output, "stages": stages}
