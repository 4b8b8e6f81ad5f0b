"""Drift of stacks: what was changed by hand is found, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.tfbatch_sandbox.roles import trust

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient

    from tfbatch_sandbox.sandbox import Sandbox

CLOSED = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
STATES = {"Service": "states.amazonaws.com"}
TEMPLATE = {
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "PublicAccessBlockConfiguration": CLOSED,
            },
        },
        "Plain": {"Type": "AWS::S3::Bucket"},
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": json.loads(trust(STATES))},
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionString": json.dumps(
                    {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
                ),
            },
        },
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Plain"}, "PolicyDocument": {"Statement": []}},
        },
    }
}


def detected(client: CloudFormationClient, name: str) -> tuple[str, dict[str, str]]:
    """The status of a stack, and of each resource."""
    made = client.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    status = client.describe_stack_drift_detection_status(StackDriftDetectionId=made)
    assert status["DetectionStatus"] == "DETECTION_COMPLETE"
    drifts = client.describe_stack_resource_drifts(StackName=name)["StackResourceDrifts"]
    found = {one["LogicalResourceId"]: one["StackResourceDriftStatus"] for one in drifts}
    assert status["DriftedStackResourceCount"] == sum(
        one in {"MODIFIED", "DELETED"} for one in found.values()
    )
    return status["StackDriftStatus"], dict(found)


def test_a_change_by_hand_is_drift_and_a_type_that_cannot_be_read_is_not_checked(
    session: boto3.Session, sandbox: Sandbox
) -> None:
    client = session.client("cloudformation", endpoint_url=sandbox.endpoint_url)
    s3 = session.client("s3", endpoint_url=sandbox.endpoint_url)
    client.create_stack(StackName="drifting", TemplateBody=json.dumps(TEMPLATE))
    client.get_waiter("stack_create_complete").wait(StackName="drifting")
    made = client.describe_stack_resources(StackName="drifting")["StackResources"]
    physical = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in made}
    fine = dict.fromkeys(("Bucket", "Plain", "Topic", "Role", "Machine"), "IN_SYNC")
    assert detected(client, "drifting") == ("IN_SYNC", fine | {"Policy": "NOT_CHECKED"})

    s3.put_bucket_versioning(
        Bucket=physical["Bucket"], VersioningConfiguration={"Status": "Suspended"}
    )
    s3.put_public_access_block(
        Bucket=physical["Bucket"],
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": True,
        },
    )
    # The template sets nothing about the other bucket.
    s3.put_bucket_versioning(
        Bucket=physical["Plain"], VersioningConfiguration={"Status": "Enabled"}
    )
    topics = session.client("sns", endpoint_url=sandbox.endpoint_url)
    topics.delete_topic(TopicArn=physical["Topic"])
    status, found = detected(client, "drifting")
    assert status == "DRIFTED"
    assert (found["Bucket"], found["Plain"], found["Topic"]) == ("MODIFIED", "IN_SYNC", "DELETED")
    (bucket,) = client.describe_stack_resource_drifts(
        StackName="drifting", StackResourceDriftStatusFilters=["MODIFIED"]
    )["StackResourceDrifts"]
    rows = {
        one["PropertyPath"]: (one["ExpectedValue"], one["ActualValue"])
        for one in bucket["PropertyDifferences"]
    }
    assert rows == {
        "/VersioningConfiguration/Status": ("Enabled", "Suspended"),
        "/PublicAccessBlockConfiguration/BlockPublicPolicy": ("true", "false"),
    }


def test_an_unknown_detection_is_refused(session: boto3.Session, sandbox: Sandbox) -> None:
    client = session.client("cloudformation", endpoint_url=sandbox.endpoint_url)
    with pytest.raises(ClientError, match="does not exist"):
        client.describe_stack_drift_detection_status(StackDriftDetectionId="0" * 36)
    with pytest.raises(ClientError, match="does not exist"):
        client.detect_stack_drift(StackName="nothing")
