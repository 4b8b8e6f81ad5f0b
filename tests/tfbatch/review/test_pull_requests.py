"""Each golden pull request gets the verdict and the findings that it must."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch.review.pull_requests import PULL_REQUESTS, PullRequest
from tfbatch.review.finding import Section
from tfbatch.review.render.document import document
from tfbatch.review.render.markdown import LIMIT, markdown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.review.review import Review

each = pytest.mark.parametrize("pull_request", PULL_REQUESTS, ids=lambda one: str(one.name))


@each
def test_a_change_gets_its_verdict_and_just_its_findings(
    reviews: Mapping[str, Review], pull_request: PullRequest
) -> None:
    review = reviews[pull_request.name]
    hurts = {finding.rule for finding in review.of(Section.HURT)}
    assert hurts == pull_request.hurts, markdown(review)
    assert review.severity is pull_request.verdict, markdown(review)
    rules = {finding.rule for finding in review.findings}
    assert rules >= pull_request.also, markdown(review)
    assert review.is_empty is pull_request.empty


@each
def test_the_comment_says_what_matters_and_fits(
    reviews: Mapping[str, Review], pull_request: PullRequest
) -> None:
    text = markdown(reviews[pull_request.name])
    missing = [words for words in pull_request.says if words not in text]
    assert not missing, text
    assert len(text) <= LIMIT


@each
def test_the_document_carries_the_same(
    reviews: Mapping[str, Review], pull_request: PullRequest
) -> None:
    content = json.loads(document(reviews[pull_request.name]))
    assert content["exit_code"] == int(pull_request.verdict)
    assert content["verdict"] == pull_request.verdict.name.lower()
    rules = {one["rule"] for one in content["findings"] if one["section"] == "hurt"}
    assert rules == pull_request.hurts
