"""``tfbatch review`` as a person runs it: on commits, on the working tree, on what isn't there."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch.review.conftest import BASE, Clone, branch
from tfbatch.review import main
from tfbatch.review.errors import ReviewError
from tfbatch.review.finding import Severity
from tfbatch.review.request import Request
from tfbatch.review.sides import synthesis
from tfbatch.review.sides.revision import WORKTREE, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def warm(clone: Clone) -> Clone:
    """What the tests below review is in the cache, made in one process."""
    with new_file(clone):
        names = [BASE, branch("handler line"), WORKTREE]
        sides = [resolve(name, repository=clone.path) for name in names]
        synthesis.synthesize(sides, repository=clone.path, cache=clone.cache)
    return clone


@contextlib.contextmanager
def new_file(clone: Clone) -> Iterator[None]:
    """The clone's working tree has a file that Git doesn't know."""
    file = clone.path / "model_code" / "new_module.py"
    file.write_text("VALUE = 1\n")
    yield
    file.unlink()


def test_a_commit_against_itself_changes_nothing(warm: Clone) -> None:
    review = warm.review(BASE)
    assert review.is_empty
    assert review.headline == "dev, prod: nothing that is deployed changes."


def test_both_stages_are_said_once_and_cfn_lint_has_looked(warm: Clone) -> None:
    review = warm.review(branch("handler line"))
    (replaced,) = [one for one in review.findings if one.rule == "resource-replaced"]
    assert replaced.stages == ("dev", "prod")
    linted = list(warm.cache.glob("lint/*.json"))
    assert len(linted) >= 2
    found = [row["rule"] for file in linted for row in json.loads(file.read_text())]
    assert not [rule for rule in found if rule.startswith("E")]


def test_with_both_sides_cached_nothing_is_synthesized(warm: Clone) -> None:
    before = {file: file.stat().st_mtime_ns for file in warm.cache.rglob("*.template.json")}
    review = warm.review(branch("handler line"))
    assert review.severity is Severity.ATTENTION
    after = {file: file.stat().st_mtime_ns for file in warm.cache.rglob("*.template.json")}
    assert before
    assert after == before


def test_the_working_tree_is_reviewed_with_new_files_and_left_as_it_is(warm: Clone) -> None:
    with new_file(warm):
        before = warm.git("status", "--porcelain")
        review = warm.review(WORKTREE)
        assert warm.git("status", "--porcelain") == before
    assert not warm.git("status", "--porcelain")
    (changed,) = [one for one in review.findings if one.rule == "bundle-changed"]
    assert "code/new_module.py" in [row[0] for row in changed.rows]
    assert review.head == "WORKTREE"


def test_a_revision_that_is_not_there_is_named_with_the_remedy(warm: Clone) -> None:
    with pytest.raises(ReviewError, match=r"'nowhere' is no commit.*git fetch --unshallow"):
        warm.review("nowhere")


def test_a_stage_that_is_not_there_is_answered_with_those_there_are(warm: Clone) -> None:
    request = Request(repository=warm.path, base=BASE, head=BASE, stages=("staging",))
    with pytest.raises(ReviewError, match=r"staging: no such stage.*there are dev, prod"):
        main.make(request, cache=warm.cache)


def test_a_side_that_fails_is_named_with_what_it_said(warm: Clone, tmp_path: Path) -> None:
    (warm.path / "app.py").write_text("raise RuntimeError('no app today')\n")
    warm.commit("broken")
    warm.git("checkout", "--quiet", "--detach", BASE)
    with pytest.raises(ReviewError, match=r"(?s)broken \(\w+\) can't be synthesized.*no app today"):
        warm.review("broken")
    assert not list(tmp_path.iterdir())
    assert not list(warm.cache.glob("making-*"))


@pytest.mark.parametrize(
    ("format_", "others"), [("md", ("html", "json")), ("json", ("md", "html"))]
)
def test_only_what_is_asked_for_is_written(
    warm: Clone, tmp_path: Path, format_: str, others: tuple[str, ...]
) -> None:
    main.write(warm.review(BASE), out=tmp_path, formats=[format_])
    assert (tmp_path / f"review.{format_}").is_file()
    assert not any((tmp_path / f"review.{other}").exists() for other in others)


def test_the_exit_code_is_the_verdict(warm: Clone, tmp_path: Path) -> None:
    """The clone's own command, on its own commits."""
    shutil.copytree(warm.cache, warm.path / ".cache" / "review")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tfbatch",
            "review",
            "--base",
            BASE,
            "--head",
            BASE,
            "--out",
            str(tmp_path),
        ],
        cwd=warm.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Nothing risky. dev, prod: nothing that is deployed changes.\n"
    page = (tmp_path / "review.html").read_text()
    assert "http://" not in page
    assert "https://" not in page  # it needs nothing beside itself
