"""Each golden pull request gets the verdict and the findings that it must."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch.review.conftest import paired
from tests.tfbatch.review.pull_requests import PULL_REQUESTS, PullRequest
from tests.tfbatch.review.template_changes import TEMPLATE_CHANGES, TemplateChange
from tfbatch.review import node
from tfbatch.review.finding import Section, Severity
from tfbatch.review.render.document import document
from tfbatch.review.render.markdown import LIMIT, markdown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.tfbatch.review.conftest import Sides
    from tfbatch.review.review import Review
    from tfbatch.review.sides.assembly import Stage
    from tfbatch.review.sides.stacks import Stack

Golden = PullRequest | TemplateChange
GOLDEN: tuple[Golden, ...] = (*PULL_REQUESTS, *TEMPLATE_CHANGES)
each = pytest.mark.parametrize("pull_request", GOLDEN, ids=lambda one: str(one.name))
CDK_DIFF = Path(__file__).with_name("cdk_diff.mjs")


@each
def test_a_change_gets_its_verdict_and_just_its_findings(
    reviews: Mapping[str, Review], pull_request: Golden
) -> None:
    review = reviews[pull_request.name]
    hurts = {finding.rule for finding in review.of(Section.HURT)}
    assert hurts == pull_request.hurts, markdown(review)
    assert review.severity is pull_request.verdict, markdown(review)
    rules = {finding.rule for finding in review.findings}
    assert rules >= pull_request.also, markdown(review)
    assert review.is_empty is (pull_request.name == "comment only")


@each
def test_the_comment_says_what_matters_and_fits(
    reviews: Mapping[str, Review], pull_request: Golden
) -> None:
    text = markdown(reviews[pull_request.name])
    missing = [words for words in pull_request.says if words not in text]
    wrong = [words for words in pull_request.never if words in text]
    assert (missing, wrong) == ([], []), text
    assert len(text) <= LIMIT


@each
def test_the_document_carries_the_same(reviews: Mapping[str, Review], pull_request: Golden) -> None:
    content = json.loads(document(reviews[pull_request.name]))
    assert content["exit_code"] == int(pull_request.verdict)
    assert content["verdict"] == pull_request.verdict.name.lower()
    rules = {one["rule"] for one in content["findings"] if one["section"] == "hurt"}
    assert rules == pull_request.hurts


def test_there_are_seventy_golden_pull_requests_of_every_color() -> None:
    assert len({one.name for one in GOLDEN}) >= 70
    counts = [sum(one.verdict is severity for one in GOLDEN) for severity in Severity]
    assert min(counts) >= 5


Fails = tuple[bool, bool]
"""Whether ``cdk diff`` fails by ``--fail-on broadening``, and by ``--fail-on destructive``."""


@pytest.fixture(scope="session")
def failing(sides: Mapping[str, Sides]) -> Mapping[str, Fails]:
    """What the engine of ``cdk diff`` says of each change, by the rules of its command."""
    names = [(name, pair) for name, one in sides.items() for pair in paired(one)]
    pairs = [[[old.template, new.template] for old, new in _stacks(*pair)] for _, pair in names]
    found: dict[str, Fails] = {}
    for (name, _), (broadened, destroyed) in zip(names, node.run(CDK_DIFF, pairs), strict=True):
        before = found.get(name, (False, False))
        found[name] = (before[0] or broadened, before[1] or destroyed)
    return found


def _stacks(before: Stage, after: Stage) -> list[tuple[Stack, Stack]]:
    """The stacks that both sides have."""
    both = [name for name in after.stacks if name in before.stacks]
    return [(before.stacks[name], after.stacks[name]) for name in both]


def test_no_review_is_greener_than_cdk_diff(
    reviews: Mapping[str, Review], failing: Mapping[str, Fails]
) -> None:
    """Where ``cdk diff --fail-on broadening|destructive`` fails, a review doesn't say 0."""
    assert failing.keys() == reviews.keys()
    assert sum(map(any, failing.values())) >= 30
    fine = [name for name, review in reviews.items() if review.severity is Severity.FINE]
    assert [name for name in fine if any(failing[name])] == []


def test_the_cdk_itself_fails_where_its_engine_says_so(
    sides: Mapping[str, Sides], failing: Mapping[str, Fails], tmp_path: Path
) -> None:
    """The program of the CDK, without credentials, on one change for each pair of answers."""
    changed = {
        name: [
            (old, new) for pair in paired(one) for old, new in _stacks(*pair) if _differ(old, new)
        ]
        for name, one in sides.items()
    }
    sample = {failing[name]: name for name, stacks in changed.items() if len(stacks) == 1}
    assert len(sample) == 4
    for fails, name in sample.items():
        ((old, new),) = changed[name]
        for number, kind in enumerate(("broadening", "destructive")):
            done = _cdk_diff(old, new, kind, tmp_path / f"{name} {kind}")
            assert done.returncode == int(fails[number]), f"{name}, {kind}: {done.stderr}"
            assert "Number of stacks with differences: 1" in done.stderr


def _differ(old: Stack, new: Stack) -> bool:
    return not old.parent and old.template != new.template


def _cdk_diff(old: Stack, new: Stack, kind: str, folder: Path) -> subprocess.CompletedProcess[str]:
    shutil.copytree(new.folder, folder, ignore=shutil.ignore_patterns("asset.*"))
    (folder / f"{new.file}.template.json").write_text(json.dumps(new.template))
    base = folder / "base.json"
    base.write_text(json.dumps(old.template))
    command = ["cdk", "diff", "--app", str(folder), "--template", str(base), "--fail-on", kind]
    return subprocess.run(
        [*command, "--exclusively", "--no-notices", new.deployed_name],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        check=False,
        text=True,
    )
