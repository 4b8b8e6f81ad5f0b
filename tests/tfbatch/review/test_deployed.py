"""Compared with what is deployed, in the sandbox: drift is seen, and nothing is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.tfbatch.review.conftest import BASE, Clone
from tfbatch.review import main
from tfbatch.review.errors import ReviewError
from tfbatch.review.finding import Severity
from tfbatch.review.request import Request
from tfbatch.review.sides.assembly import stage_of
from tfbatch.review.sides.deployed import drift
from tfbatch.review.sides.deployed import stacks as deployed
from tfbatch.review.sides.stacks import Stack
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfbatch.review.review import Review
    from tfbatch.review.sides.assembly import Stage

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
    request = Request(repository=clone.path, base=BASE, head=BASE, stages=("prod",), deployed=True)
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


BUCKET = {
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
        "Metadata": {"aws:cdk:path": "by-hand/Storage/Input/Resource"},
    },
    "Topic": {"Type": "AWS::SNS::Topic"},
}


def stage_of_one(tmp_path: Path, name: str, environment: str = "") -> Stage:
    stack = Stack(
        deployed_name=name,
        template={"Resources": BUCKET},
        folder=tmp_path,
        settings={"environment": environment},
    )
    return stage_of("dev", {name: stack})


@pytest.mark.usefixtures("account")
def test_a_resource_changed_or_deleted_by_hand_is_shown(tmp_path: Path) -> None:
    client = boto3.client("cloudformation")
    client.create_stack(StackName="by-hand", TemplateBody=json.dumps({"Resources": BUCKET}))
    client.get_waiter("stack_create_complete").wait(StackName="by-hand")
    stage = stage_of_one(tmp_path, "by-hand")
    assert list(drift.findings(stage)) == []
    made = client.describe_stack_resources(StackName="by-hand")["StackResources"]
    names = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made}
    boto3.client("s3").put_bucket_versioning(
        Bucket=names["Bucket"], VersioningConfiguration={"Status": "Suspended"}
    )
    boto3.client("sns").delete_topic(TopicArn=names["Topic"])
    (found,) = drift.findings(stage)
    assert found.rule == "resource-drift"
    assert set(found.rows) == {
        ("bucket Storage/Input: VersioningConfiguration.Status", "Enabled", "Suspended"),
        ("topic Topic", "", "deleted by hand"),
    }


@pytest.mark.usefixtures("account")
def test_where_drift_cannot_be_asked_that_needs_attention(tmp_path: Path) -> None:
    (found,) = drift.findings(stage_of_one(tmp_path, "is-not-there"))
    assert found.rule == "drift-not-compared"
    assert found.severity is Severity.ATTENTION
    assert "does not exist" in found.why


def test_without_credentials_the_remedy_is_said(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with pytest.raises(ReviewError, match="may call DescribeStacks and GetTemplate"):
        deployed_review(clone)


@pytest.mark.usefixtures("account")
def test_a_stack_is_looked_for_in_its_own_region_and_account(tmp_path: Path) -> None:
    def stage(environment: str) -> Stage:
        return stage_of_one(tmp_path, "elsewhere", environment)

    table = {"T": {"Type": "AWS::SNS::Topic"}}
    there = boto3.client("cloudformation", region_name="eu-central-1")
    there.create_stack(StackName="elsewhere", TemplateBody=json.dumps({"Resources": table}))
    assert deployed.deployed(stage("aws://unknown-account/us-west-2"), known=()) is None
    found = deployed.deployed(stage("aws://unknown-account/eu-central-1"), known=())
    assert found is not None
    assert found.stacks["elsewhere"].template["Resources"] == table
    with pytest.raises(ReviewError, match=r"belongs to account 999988887777, and the credentials"):
        deployed.deployed(stage("aws://999988887777/eu-central-1"), known=())


@pytest.mark.usefixtures("account")
def test_the_cdks_usage_statistics_are_no_difference(tmp_path: Path) -> None:
    usage = {"Type": "AWS::CDK::Metadata", "Condition": "CDKMetadataAvailable"}
    known = {"CDKMetadataAvailable": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}}
    topic = {"Type": "AWS::SNS::Topic"}
    client = boto3.client("cloudformation")

    def found(name: str, **resources: object) -> object:
        template = {"Conditions": known, "Resources": {"CDKMetadata": usage, **resources}}
        client.create_stack(StackName=name, TemplateBody=json.dumps(template))
        stage = deployed.deployed(stage_of_one(tmp_path, name), known=())
        assert stage is not None
        return stage.stacks[name].template

    assert found("counted", Topic=topic) == {"Resources": {"Topic": topic}}
    dependent = {**topic, "Condition": "CDKMetadataAvailable"}
    assert found("used", Topic=dependent) == {
        "Conditions": known,
        "Resources": {"Topic": dependent},
    }
