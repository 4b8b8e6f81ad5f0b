"""The changes that a change set lists, as AWS's documentation shows them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import DescribeChangeSetOutputTypeDef

    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json

_ROLE = "arn:aws:iam::123456789012:role/workflow"
_NO_CHANGES = "The submitted information didn't contain changes."


@pytest.fixture(scope="module")
def cloudformation(session: boto3.Session, sandbox: Sandbox) -> CloudFormationClient:
    return session.client("cloudformation", endpoint_url=sandbox.endpoint_url)


class Updates:
    """Deploys a template, and describes the change set of another one."""

    def __init__(self, client: CloudFormationClient, name: str) -> None:
        self.client, self.name = client, name

    def deploy(self, template: dict[str, Json], **parameters: str) -> None:
        made = self._create("CREATE", template, parameters, {})
        self.client.execute_change_set(ChangeSetName=made)
        stack = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack

    def describe(
        self,
        template: dict[str, Json],
        *,
        values: bool = False,
        tags: dict[str, str] | None = None,
        **parameters: str,
    ) -> DescribeChangeSetOutputTypeDef:
        made = self._create("UPDATE", template, parameters, tags or {})
        return self.client.describe_change_set(ChangeSetName=made, IncludePropertyValues=values)

    def changes(self, template: dict[str, Json], **options: Json) -> dict[str, Json]:
        described = self.describe(template, **options)
        assert described["Status"] == "CREATE_COMPLETE", described.get("StatusReason")
        assert {each["Type"] for each in described["Changes"]} <= {"Resource"}
        changes = [each["ResourceChange"] for each in described["Changes"]]
        return {each["LogicalResourceId"]: each for each in changes}

    def _create(
        self,
        kind: Json,
        template: dict[str, Json],
        parameters: dict[str, str],
        tags: dict[str, str],
    ) -> str:
        return self.client.create_change_set(
            StackName=self.name,
            ChangeSetName="changes",
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )["Id"]


@pytest.fixture
def updates(cloudformation: CloudFormationClient, request: pytest.FixtureRequest) -> Updates:
    return Updates(cloudformation, re.sub("[^A-Za-z0-9]+", "-", request.node.name).strip("-")[:100])


def _detail(
    name: str | None,
    recreation: str,
    evaluation: str = "Static",
    source: str = "DirectModification",
    entity: str | None = None,
) -> dict[str, Json]:
    target: dict[str, Json] = {"Attribute": "Tags", "RequiresRecreation": recreation}
    if name is not None:
        target |= {"Attribute": "Properties", "Name": name}
    detail = {"Target": target, "Evaluation": evaluation, "ChangeSource": source}
    return detail | ({"CausingEntity": entity} if entity else {})


def _same(details: list[Json], wanted: list[Json]) -> bool:
    return sorted(map(str, map(_sorted, details))) == sorted(map(str, map(_sorted, wanted)))


def _sorted(detail: dict[str, Json]) -> list[Json]:
    return sorted(
        (key, sorted(value.items()) if key == "Target" else value) for key, value in detail.items()
    )


# The sample template of "Example change sets for CloudFormation stacks" in the user guide.
_INSTANCE: dict[str, Json] = {
    "Parameters": {
        "Purpose": {"Type": "String", "Default": "testing"},
        "KeyPairName": {"Type": "String"},
        "InstanceType": {"Type": "String", "Default": "t2.micro"},
    },
    "Resources": {
        "MyEC2Instance": {
            "Type": "AWS::EC2::Instance",
            "Properties": {
                "KeyName": {"Ref": "KeyPairName"},
                "InstanceType": {"Ref": "InstanceType"},
                "ImageId": "ami-8fcee4e5",
                "Tags": [{"Key": "Purpose", "Value": {"Ref": "Purpose"}}],
            },
        }
    },
}


def test_the_examples_of_the_user_guide(updates: Updates) -> None:
    updates.deploy(_INSTANCE, KeyPairName="MyKeyName")

    direct = json.loads(json.dumps(_INSTANCE))
    direct["Resources"]["MyEC2Instance"]["Properties"]["Tags"][0]["Value"] = "production"
    change = updates.changes(direct, KeyPairName="MyKeyName")["MyEC2Instance"]
    assert change["PhysicalResourceId"].startswith("i-")
    assert change["ResourceType"] == "AWS::EC2::Instance"
    assert (change["Action"], change["Replacement"], change["Scope"]) == (
        "Modify",
        "False",
        ["Tags"],
    )
    assert change["Details"] == [_detail(None, "Never")]

    change = updates.changes(_INSTANCE, KeyPairName="MyKeyName", Purpose="production")
    assert _same(
        change["MyEC2Instance"]["Details"],
        [
            _detail(None, "Never", "Dynamic"),
            _detail(None, "Never", "Static", "ParameterReference", "Purpose"),
        ],
    )

    change = updates.changes(
        _INSTANCE, KeyPairName="MyNewKeyName", InstanceType="t2.small", Purpose="production"
    )["MyEC2Instance"]
    assert change["Replacement"] == "True"
    assert sorted(change["Scope"]) == ["Properties", "Tags"]
    assert _same(
        change["Details"],
        [
            _detail("KeyName", "Always", "Dynamic"),
            _detail("InstanceType", "Conditionally", "Dynamic"),
            _detail(None, "Never", "Dynamic"),
            _detail("KeyName", "Always", "Static", "ParameterReference", "KeyPairName"),
            _detail(
                "InstanceType", "Conditionally", "Static", "ParameterReference", "InstanceType"
            ),
            _detail(None, "Never", "Static", "ParameterReference", "Purpose"),
        ],
    )

    other: dict[str, Json] = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}
    changes = updates.changes(other)
    assert changes["MyEC2Instance"]["Action"] == "Remove"
    assert changes["MyEC2Instance"]["PolicyAction"] == "Delete"
    assert changes["MyEC2Instance"]["PhysicalResourceId"].startswith("i-")
    assert changes["Bucket"]["Action"] == "Add"
    assert "PhysicalResourceId" not in changes["Bucket"]


def _machine(**properties: Json) -> dict[str, Json]:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    given = {"DefinitionString": json.dumps(definition), "RoleArn": _ROLE} | properties
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": given}


def _topic(value: Json) -> dict[str, Json]:
    return {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": value}}


def _definition(comment: str) -> Json:
    text = json.dumps(
        {"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    )
    return {"Fn::Join": ["", [text, ""]]}


def test_a_changed_definition_updates_the_machine_in_place(updates: Updates) -> None:
    users = {
        "ByRef": _topic({"Ref": "Machine"}),
        "ByName": _topic({"Fn::GetAtt": ["Machine", "Name"]}),
    }
    before = {"Resources": {"Machine": _machine(DefinitionString=_definition("1")), **users}}
    after = {"Resources": {"Machine": _machine(DefinitionString=_definition("2")), **users}}
    updates.deploy(before)
    changes = updates.changes(after)
    assert changes["Machine"]["Replacement"] == "False"
    assert changes["Machine"]["Details"] == [_detail("DefinitionString", "Never")]
    assert "PolicyAction" not in changes["Machine"]
    # A Ref stays the same, and what Fn::GetAtt returns is known only afterwards.
    assert set(changes) == {"Machine", "ByName"}
    assert changes["ByName"]["Details"] == [
        _detail("DisplayName", "Never", "Dynamic", "ResourceAttribute", "Machine.Name")
    ]


def test_a_replaced_resource_changes_those_that_refer_to_it(updates: Updates) -> None:
    def template(name: str) -> dict[str, Json]:
        machine = _machine(StateMachineName=name) | {"UpdateReplacePolicy": "Retain"}
        value = {"Fn::Sub": "${Machine}!"}
        return {"Resources": {"Machine": machine, "User": _topic(value)}}

    updates.deploy(template("details-one"))
    changes = updates.changes(template("details-two"), values=True)
    assert changes["Machine"]["Replacement"] == "True"
    assert changes["Machine"]["PolicyAction"] == "ReplaceAndRetain"
    target = changes["Machine"]["Details"][0]["Target"]
    assert target["RequiresRecreation"] == "Always"
    assert (target["BeforeValue"], target["AfterValue"]) == ("details-one", "details-two")
    assert target["Path"] == "/Properties/StateMachineName"
    before, after = (
        json.loads(changes["Machine"][f"{when}Context"]) for when in ("Before", "After")
    )
    assert before["Properties"] | {"StateMachineName": "details-two"} == after["Properties"]
    user = changes["User"]["Details"]
    assert {each["Target"]["AfterValue"] for each in user} == {"{{changeSet:KNOWN_AFTER_APPLY}}!"}
    for each in user:
        for name in ("BeforeValue", "AfterValue", "Path", "AttributeChangeType"):
            del each["Target"][name]
    assert _same(
        user,
        [
            _detail("DisplayName", "Never", "Dynamic"),
            _detail("DisplayName", "Never", "Static", "ResourceReference", "Machine"),
        ],
    )


@pytest.mark.parametrize(
    ("kind", "before", "after", "recreation"),
    [
        ("AWS::S3::Bucket", {"BucketName": "kind-a"}, {"BucketName": "kind-b"}, "Always"),
        (
            "AWS::S3::Bucket",
            {"BucketName": "kind-c"},
            {"BucketName": "kind-c", "VersioningConfiguration": {"Status": "Enabled"}},
            "Never",
        ),
        ("AWS::SNS::Topic", {"DisplayName": "a"}, {"DisplayName": "b"}, "Never"),
        ("AWS::SNS::Topic", {"TopicName": "a"}, {"TopicName": "b"}, "Always"),
    ],
)
def test_the_schema_says_which_property_replaces_its_resource(
    updates: Updates, kind: str, before: dict[str, Json], after: dict[str, Json], recreation: str
) -> None:
    updates.deploy({"Resources": {"One": {"Type": kind, "Properties": before}}})
    change = updates.changes({"Resources": {"One": {"Type": kind, "Properties": after}}})["One"]
    assert [each["Target"]["RequiresRecreation"] for each in change["Details"]] == [recreation]
    assert change["Replacement"] == {"Always": "True", "Never": "False"}[recreation]


def test_metadata_policies_and_the_stacks_tags_are_changes(updates: Updates) -> None:
    bucket: dict[str, Json] = {"Type": "AWS::S3::Bucket"}
    updates.deploy({"Resources": {"Bucket": bucket}})
    more = bucket | {"Metadata": {"a": 1}, "DeletionPolicy": "Retain"}
    change = updates.changes({"Resources": {"Bucket": more}})["Bucket"]
    assert sorted(change["Scope"]) == ["DeletionPolicy", "Metadata"]
    assert change["Replacement"] == "False"
    change = updates.changes({"Resources": {"Bucket": bucket}}, tags={"team": "vision"})["Bucket"]
    assert change["Details"] == [_detail(None, "Never")]


def test_a_condition_adds_and_removes(updates: Updates) -> None:
    template: dict[str, Json] = {
        "Parameters": {"Which": {"Type": "String"}},
        "Conditions": {"Second": {"Fn::Equals": [{"Ref": "Which"}, "2"]}},
        "Resources": {
            "One": {"Type": "AWS::SNS::Topic"},
            "Two": {"Type": "AWS::SNS::Topic", "Condition": "Second", "DeletionPolicy": "Retain"},
        },
    }
    updates.deploy(template, Which="1")
    assert {key: each["Action"] for key, each in updates.changes(template, Which="2").items()} == {
        "Two": "Add"
    }
    updates.client.execute_change_set(ChangeSetName="changes", StackName=updates.name)
    changes = updates.changes(template, Which="1")
    assert (changes["Two"]["Action"], changes["Two"]["PolicyAction"]) == ("Remove", "Retain")


def test_without_a_change_it_fails_and_can_not_be_executed(updates: Updates) -> None:
    template: dict[str, Json] = {
        "Description": "one",
        "Parameters": {"Name": {"Type": "String", "Default": "a"}},
        "Resources": {"One": _topic({"Ref": "Name"})},
    }
    updates.deploy(template, Name="a")
    for same in (template, template | {"Description": "two"}, template | {"Metadata": {"a": 1}}):
        described = updates.describe(same, Name="a")
        assert described["Status"] == "FAILED"
        assert described["StatusReason"].startswith(_NO_CHANGES)
        assert described["ExecutionStatus"] == "UNAVAILABLE"
        assert described["Changes"] == []
        with pytest.raises(ClientError, match="cannot be executed") as caught:
            updates.client.execute_change_set(ChangeSetName=described["ChangeSetId"])
        assert caught.value.response["Error"]["Code"] == "InvalidChangeSetStatus"
    with pytest.raises(ClientError, match=r"No updates are to be performed\."):
        updates.client.update_stack(
            StackName=updates.name,
            TemplateBody=json.dumps(template | {"Description": "two"}),
            Parameters=[{"ParameterKey": "Name", "UsePreviousValue": True}],
        )


def test_a_new_output_alone_is_a_change(updates: Updates) -> None:
    template: dict[str, Json] = {"Resources": {"One": {"Type": "AWS::SNS::Topic"}}}
    updates.deploy(template)
    described = updates.describe(template | {"Outputs": {"Topic": {"Value": {"Ref": "One"}}}})
    assert (described["Status"], described["Changes"]) == ("CREATE_COMPLETE", [])
    updates.client.execute_change_set(ChangeSetName=described["ChangeSetId"])
    stack = updates.client.describe_stacks(StackName=updates.name)["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert stack["Outputs"][0]["OutputKey"] == "Topic"


def test_describing_changes_makes_nothing(updates: Updates) -> None:
    updates.deploy({"Resources": {"One": {"Type": "AWS::SNS::Topic"}}})
    more = {
        "One": {"Type": "AWS::SNS::Topic"},
        "Two": _topic({"Fn::Select": [3, {"Fn::Split": [":", {"Ref": "Three"}]}]}),
        "Three": {"Type": "AWS::SNS::Topic"},
    }
    assert {each["Action"] for each in updates.changes({"Resources": more}).values()} == {"Add"}
    there = updates.client.list_stack_resources(StackName=updates.name)["StackResourceSummaries"]
    assert [each["LogicalResourceId"] for each in there] == ["One"]


def test_a_deleted_stack_takes_its_change_sets_along(updates: Updates) -> None:
    template = {"Resources": {"One": _topic("a")}}
    updates.deploy(template)
    updates.client.delete_stack(StackName=updates.name)
    updates.deploy(template)
    updates.client.delete_change_set(StackName=updates.name, ChangeSetName="changes")
    with pytest.raises(ClientError) as caught:
        updates.client.describe_change_set(StackName=updates.name, ChangeSetName="changes")
    assert caught.value.response["Error"]["Code"] == "ChangeSetNotFound"
