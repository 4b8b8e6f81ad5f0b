"""Each golden pull request gets the verdict and the findings that it must."""

from __future__ import annotations

import json
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


def test_no_review_is_greener_than_cdk_diff(
    reviews: Mapping[str, Review], sides: Mapping[str, Sides]
) -> None:
    """Where ``cdk diff --fail-on broadening|destructive`` fails, a review doesn't say 0."""
    names = [(name, pair) for name, one in sides.items() for pair in paired(one)]
    pairs = [
        [
            [before.stacks[stack].template, after.stacks[stack].template]
            for stack in after.stacks
            if stack in before.stacks
        ]
        for _, (before, after) in names
    ]
    failing = node.run(CDK_DIFF, pairs)
    assert len(failing) == len(names)
    assert sum(map(any, failing)) >= 30
    greener = [
        name
        for (name, _), fails in zip(names, failing, strict=True)
        if any(fails) and reviews[name].severity is Severity.FINE
    ]
    assert greener == []
