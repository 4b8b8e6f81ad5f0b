"""A task whose request breaks the service's model fails before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_sandbox.services.conftest import Workflows

if TYPE_CHECKING:
    from tests.tfbatch_sandbox.services.conftest import Jobs


@pytest.fixture(scope="module")
def machines(jobs: Jobs) -> Workflows:
    return Workflows(jobs.client("stepfunctions"))


@pytest.mark.parametrize(
    ("resource", "arguments", "says"),
    [
        ("aws-sdk:s3:putObject", {"Bucket": "b"}, 'Missing required parameter in input: "Key"'),
        ("aws-sdk:s3:getObject", {"Bucket": "b", "Key": ""}, "valid min length: 1"),
        ("aws-sdk:s3:getObject", {"Bucket": 7, "Key": "k"}, "Invalid type for parameter Bucket"),
        ("aws-sdk:sns:publish", {"Massage": "m"}, 'Unknown parameter in input: "Massage"'),
        (
            "aws-sdk:sagemaker:stopTransformJob",
            {"TransformJobName": {"a": 1}},
            "Invalid type for parameter TransformJobName",
        ),
        (
            "aws-sdk:iam:getRole",
            {"RoleName": "no spaces"},
            "Member must satisfy regular expression pattern",
        ),
    ],
)
def test_a_request_that_breaks_the_model_is_refused(
    machines: Workflows, resource: str, arguments: dict[str, Any], says: str
) -> None:
    states = {
        "Call": {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{resource}",
            "Arguments": arguments,
            "End": True,
        }
    }
    ended = machines.run(states)
    assert ended["error"] == "States.Runtime"
    assert says in ended["cause"]
