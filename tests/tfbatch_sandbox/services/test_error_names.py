"""Errors of tasks have the names that Step Functions gives them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_sandbox.roles import allow, make_role
from tests.tfbatch_sandbox.services.conftest import Workflows
from tfbatch_sandbox.services.stepfunctions import error_names

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from tests.tfbatch_sandbox.services.conftest import Jobs
    from tfbatch_sandbox.sandbox import Sandbox


@pytest.fixture(scope="module")
def machines(jobs: Jobs) -> Workflows:
    return Workflows(jobs.client("stepfunctions"))


def _task(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
    arn = f"arn:aws:states:::aws-sdk:{resource}"
    return {"Call": {"Type": "Task", "Resource": arn, "Arguments": arguments, "End": True}}


@pytest.mark.parametrize(
    ("resource", "arguments", "name", "status"),
    [
        ("s3:getObject", {"Bucket": "stand-in", "Key": "no"}, "S3.NoSuchKeyException", 404),
        ("s3:getObject", {"Bucket": "not-there", "Key": "k"}, "S3.NoSuchBucketException", 404),
        ("s3:headObject", {"Bucket": "stand-in", "Key": "no"}, "S3.NoSuchKeyException", 404),
        (
            "s3:putObject",
            {"Bucket": "stand-in", "Key": "in/1.jpg", "Body": "b", "IfNoneMatch": "*"},
            "S3.S3Exception",  # PreconditionFailed is in no model
            412,
        ),
        (
            "sns:publish",
            {"TopicArn": "arn:aws:sns:us-east-1:123456789012:no", "Message": "m"},
            "Sns.NotFoundException",  # whose code is NotFound
            404,
        ),
        (
            "sagemaker:stopTransformJob",
            {"TransformJobName": "?"},
            "SageMaker.SageMakerException",  # nor is ValidationException
            400,
        ),
        (
            "sfn:describeExecution",
            {"ExecutionArn": "arn:aws:states:us-east-1:123456789012:execution:no:no"},
            "Sfn.ExecutionDoesNotExistException",
            400,
        ),
    ],
)
def test_a_modelled_error_has_its_name_and_others_that_of_the_service(
    machines: Workflows, resource: str, arguments: dict[str, Any], name: str, status: int
) -> None:
    ended = machines.run(_task(resource, arguments))
    assert ended["error"] == name
    assert f"Status Code: {status}" in ended["cause"]
    assert name in error_names.of_task(f"aws-sdk:{resource}")


def test_a_denied_call_is_an_error_of_the_service(
    sandbox: Sandbox, session: boto3.Session, s3: S3Client, stepfunctions: SFNClient
) -> None:
    iam = session.client("iam", endpoint_url=sandbox.endpoint_url)
    s3.create_bucket(Bucket="denied-to-tasks")
    role = make_role(
        iam,
        "reads-only",
        {"Service": "states.amazonaws.com"},
        allow("s3:GetObject", on="*"),
    )
    arguments = {"Bucket": "denied-to-tasks", "Key": "k", "Body": "b"}
    states = _task("s3:putObject", arguments)
    machine = stepfunctions.create_state_machine(
        name="reads-only",
        roleArn=role,
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "Call", "States": states}),
    )["stateMachineArn"]
    started = stepfunctions.start_execution(stateMachineArn=machine)["executionArn"]
    ended = Workflows(stepfunctions).end(started)
    assert ended["error"] == "S3.S3Exception"
    assert "Status Code: 403" in ended["cause"]


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("aws-sdk:s3:putObject", "S3.PreconditionFailedException"),
        ("aws-sdk:s3:putObject", "S3.AccessDeniedException"),
        ("aws-sdk:sagemaker:createTransformJob", "SageMaker.ThrottlingException"),
        ("lambda:invoke", "Lambda.ThrottlingException"),
    ],
)
def test_a_name_that_step_functions_never_gives_is_not_in_the_table(
    resource: str, name: str
) -> None:
    assert name not in error_names.of_task(resource)


@pytest.mark.parametrize(
    ("resource", "name"),
    [  # of the Step Functions developer guide's examples
        ("lambda:invoke", "Lambda.ServiceException"),
        ("lambda:invoke", "Lambda.AWSLambdaException"),
        ("lambda:invoke", "Lambda.SdkClientException"),
        ("lambda:invoke", "Lambda.TooManyRequestsException"),
        ("aws-sdk:dynamodb:getItem", "DynamoDb.DynamoDbException"),
        ("aws-sdk:sfn:startExecution", "Sfn.ExecutionLimitExceededException"),
    ],
)
def test_the_documented_names_are_in_the_table(resource: str, name: str) -> None:
    assert name in error_names.of_task(resource)
