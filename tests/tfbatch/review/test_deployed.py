"""Compared with what is deployed, in the sandbox: drift is seen, and nothing is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.tfbatch.review.conftest import BASE, Clone
from tfbatch.review import main
from tfbatch.review.errors import ReviewError
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfbatch.review.review import Review

STACK = "tfbatch-prod-data"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """The environment's credentials and region are a sandbox's."""
    with (
        Sandbox.start(state_dir=tmp_path_factory.mktemp("sandbox")) as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        yield patch


def deployed_review(clone: Clone) -> Review:
    request = main.Request(
        repository=clone.path, base=BASE, head=BASE, stages=("prod",), deployed=True
    )
    return main.make(request, cache=clone.cache)


def template(clone: Clone) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    clone.review(BASE)
    file: Path = max(clone.cache.glob("assembly-*"), key=lambda one: one.stat().st_mtime)
    found: dict[str, dict[str, dict[str, dict[str, object]]]] = json.loads(
        (file / "prod" / f"{STACK}.template.json").read_text()
    )
    return found


@pytest.mark.usefixtures("account")
def test_where_nothing_is_deployed_the_base_is_what_counts(clone: Clone) -> None:
    review = deployed_review(clone)
    assert review.is_empty
    assert "not-deployed" in {finding.rule for finding in review.findings}


@pytest.mark.usefixtures("account")
def test_a_change_made_by_hand_is_seen_as_drift(clone: Clone) -> None:
    changed = template(clone)
    for needs_bootstrap in ("Parameters", "Rules"):
        del changed[needs_bootstrap]
    (bucket,) = (
        name
        for name in changed["Resources"]
        if name.startswith("StorageOutput") and "Policy" not in name
    )
    del changed["Resources"][bucket]["Properties"]["VersioningConfiguration"]
    client = boto3.client("cloudformation")
    client.create_stack(StackName=STACK, TemplateBody=json.dumps(changed))
    client.get_waiter("stack_create_complete").wait(StackName=STACK)
    before = client.describe_stacks(StackName=STACK)["Stacks"][0]
    review = deployed_review(clone)
    assert client.describe_stacks(StackName=STACK)["Stacks"][0] == before
    (drift,) = [finding for finding in review.findings if finding.rule == "drift"]
    assert ("Bucket Storage/Output is better protected", "", "prod") in drift.rows
    assert "deployed differs from the base" in review.headline


def test_without_credentials_the_remedy_is_said(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with pytest.raises(ReviewError, match="may call DescribeStacks and GetTemplate"):
        deployed_review(clone)
