"""Custom resources: made, changed and removed by their function, whose word counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch_sandbox.roles import trust

if TYPE_CHECKING:
    import boto3

    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json

FUNCTION = """
import json, urllib.request

def handler(event, context):
    properties = event["ResourceProperties"]
    answer = {
        "Status": "FAILED" if properties.get("Fail") == event["RequestType"] else "SUCCESS",
        "Reason": "as asked", "PhysicalResourceId": "thing-" + properties["Name"],
        "StackId": event["StackId"], "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Upper": properties["Name"].upper(), "Event": event["RequestType"]},
    }
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(),
                                     method="PUT", headers={"content-type": ""})
    urllib.request.urlopen(request)
"""

TRUST = json.loads(trust({"Service": "lambda.amazonaws.com"}))


def _template(**properties: str) -> str:
    return json.dumps(
        {
            "Resources": {
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {"AssumeRolePolicyDocument": TRUST},
                },
                "Provider": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "Runtime": "python3.13",
                        "Handler": "index.handler",
                        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                        "Timeout": 30,
                        "Code": {"ZipFile": FUNCTION},
                    },
                },
                "Thing": {
                    "Type": "Custom::Thing",
                    "Properties": {"ServiceToken": {"Fn::GetAtt": ["Provider", "Arn"]}}
                    | properties,
                },
            },
            "Outputs": {
                "Id": {"Value": {"Ref": "Thing"}},
                "Upper": {"Value": {"Fn::GetAtt": ["Thing", "Upper"]}},
                "Event": {"Value": {"Fn::GetAtt": ["Thing", "Event"]}},
            },
        }
    )


@pytest.fixture(scope="module")
def cloudformation(session: boto3.Session, sandbox: Sandbox) -> Json:
    return session.client("cloudformation", endpoint_url=sandbox.endpoint_url)


def _deploy(cloudformation: Json, name: str, kind: str, **properties: str) -> Json:
    made = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=f"{name}-{kind.lower()}",
        ChangeSetType=kind,
        TemplateBody=_template(**properties),
    )
    cloudformation.execute_change_set(ChangeSetName=made["Id"])
    stack = cloudformation.describe_stacks(StackName=made["StackId"])["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
    return stack["StackStatus"], outputs


def test_the_functions_answer_is_the_resource_through_its_life(cloudformation: Json) -> None:
    assert _deploy(cloudformation, "thing", "CREATE", Name="one") == (
        "CREATE_COMPLETE",
        {"Id": "thing-one", "Upper": "ONE", "Event": "Create"},
    )
    assert _deploy(cloudformation, "thing", "UPDATE", Name="two") == (
        "UPDATE_COMPLETE",
        {"Id": "thing-two", "Upper": "TWO", "Event": "Update"},
    )
    cloudformation.delete_stack(StackName="thing")
    names = [stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]]
    assert "thing" not in names


def test_a_failed_create_rolls_the_stack_back(cloudformation: Json) -> None:
    status, outputs = _deploy(cloudformation, "failing", "CREATE", Name="x", Fail="Create")
    assert (status, outputs) == ("ROLLBACK_COMPLETE", {})
    events = cloudformation.describe_stack_events(StackName="failing")["StackEvents"]
    assert any(
        "Thing failed: as asked" in event.get("ResourceStatusReason", "") for event in events
    )


def test_a_failed_delete_keeps_the_stack(cloudformation: Json) -> None:
    _deploy(cloudformation, "staying", "CREATE", Name="x", Fail="Delete")
    cloudformation.delete_stack(StackName="staying")
    stack = cloudformation.describe_stacks(StackName="staying")["Stacks"][0]
    assert stack["StackStatus"] == "DELETE_FAILED"
