"""Change sets as ``cdk deploy`` uses them: outputs, exports, events, a roll-back that says why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_s3 import S3Client

    from tfbatch_sandbox.sandbox import Sandbox

_BUCKET = {"Type": "AWS::S3::Bucket"}


@pytest.fixture(scope="module")
def cloudformation(session: boto3.Session, sandbox: Sandbox) -> CloudFormationClient:
    return session.client("cloudformation", endpoint_url=sandbox.endpoint_url)


def _deploy(
    cloudformation: CloudFormationClient,
    name: str,
    template: dict[str, Any],
    kind: Literal["CREATE", "UPDATE"] = "CREATE",
) -> StackTypeDef:
    made = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=f"{name}-{kind}".lower(),
        ChangeSetType=kind,
        TemplateBody=json.dumps(template),
    )
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    return cloudformation.describe_stacks(StackName=name)["Stacks"][0]


def _exporting(name: str) -> dict[str, Any]:
    value = {"Value": {"Ref": "Bucket"}, "Export": {"Name": name}}
    return {"Resources": {"Bucket": _BUCKET}, "Outputs": {"Bucket": value}}


def test_a_stack_sees_what_another_exports(cloudformation: CloudFormationClient) -> None:
    exporter = _deploy(cloudformation, "exporter", _exporting("shared"))
    importer = _deploy(
        cloudformation,
        "importer",
        {
            "Resources": {"Bucket": _BUCKET},
            "Outputs": {"Theirs": {"Value": {"Fn::ImportValue": "shared"}}},
        },
    )
    assert importer["Outputs"][0]["OutputValue"] == exporter["Outputs"][0]["OutputValue"]


def test_an_update_replaces_outputs_and_exports(cloudformation: CloudFormationClient) -> None:
    _deploy(cloudformation, "renamer", _exporting("before"))
    updated = _deploy(cloudformation, "renamer", _exporting("after"), "UPDATE")
    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    names = {export["Name"] for export in cloudformation.list_exports()["Exports"]}
    assert "after" in names
    assert "before" not in names


def test_every_resource_has_its_events(cloudformation: CloudFormationClient) -> None:
    _deploy(cloudformation, "teller", {"Resources": {"Bucket": _BUCKET}})
    events = cloudformation.describe_stack_events(StackName="teller")["StackEvents"]
    told = [e["ResourceStatus"] for e in events if e["LogicalResourceId"] == "Bucket"]
    assert sorted(told) == ["CREATE_COMPLETE", "CREATE_IN_PROGRESS"]


def test_a_resource_that_cannot_be_made_rolls_the_stack_back_and_says_why(
    cloudformation: CloudFormationClient,
) -> None:
    model = {
        "Type": "AWS::SageMaker::Model",
        "Properties": {
            "ExecutionRoleArn": "arn:aws:iam::123456789012:role/models",
            "PrimaryContainer": {"Image": "i", "ModelDataUrl": "s3://nowhere/model.tar.gz"},
        },
    }
    stack = _deploy(cloudformation, "broken", {"Resources": {"Bucket": _BUCKET, "Model": model}})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="broken")["StackEvents"]
    (reason,) = (
        event["ResourceStatusReason"]
        for event in events
        if event.get("ResourceStatus") == "CREATE_FAILED"
    )
    assert "s3://nowhere/model.tar.gz" in reason


@pytest.mark.parametrize(
    ("policy", "is_kept"), [("Retain", True), ("RetainExceptOnCreate", False), ("Delete", False)]
)
def test_a_first_deployment_that_fails_leaves_what_its_policy_says(
    cloudformation: CloudFormationClient, s3: S3Client, policy: str, *, is_kept: bool
) -> None:
    name = f"orphan-{policy.lower()}"
    bucket = {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": policy,
        "Properties": {"BucketName": name},
    }
    model = {
        "Type": "AWS::SageMaker::Model",
        "DependsOn": "Bucket",
        "Properties": {
            "ExecutionRoleArn": "arn:aws:iam::123456789012:role/models",
            "PrimaryContainer": {"Image": "i", "ModelDataUrl": "s3://nowhere/model.tar.gz"},
        },
    }
    stack = _deploy(cloudformation, name, {"Resources": {"Bucket": bucket, "Model": model}})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert (name in {one["Name"] for one in s3.list_buckets()["Buckets"]}) is is_kept
