"""Exports of stacks, and the stacks that import them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient

    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json


class Stacks:
    """Deploys stacks, and gives their status and the reason for it."""

    def __init__(self, client: CloudFormationClient) -> None:
        self.client = client

    def deploy(self, name: str, template: Mapping[str, Json], kind: Json = "CREATE") -> str:
        made = self.client.create_change_set(
            StackName=name,
            ChangeSetName="deployment",
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
        )
        self.client.execute_change_set(ChangeSetName=made["Id"])
        return self.status(name)

    def status(self, name: str) -> str:
        return self.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]

    def reasons(self, name: str) -> list[str]:
        events = self.client.describe_stack_events(StackName=name)["StackEvents"]
        return [each.get("ResourceStatusReason", "") for each in events]

    def exports(self) -> dict[str, str]:
        return {each["Name"]: each["Value"] for each in self.client.list_exports()["Exports"]}


@pytest.fixture(scope="module")
def stacks(session: boto3.Session, sandbox: Sandbox) -> Stacks:
    return Stacks(session.client("cloudformation", endpoint_url=sandbox.endpoint_url))


def _exporting(name: str, value: Json, **resources: Json) -> dict[str, Json]:
    return {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}} | resources,
        "Outputs": {"Out": {"Value": value, "Export": {"Name": name}}},
    }


def _importing(name: Json) -> dict[str, Json]:
    properties = {"DisplayName": {"Fn::ImportValue": name}}
    return {"Resources": {"User": {"Type": "AWS::SNS::Topic", "Properties": properties}}}


@pytest.fixture
def pair(stacks: Stacks, request: pytest.FixtureRequest) -> tuple[str, str, str]:
    """A stack that exports, one that imports, and the name of the export."""
    title = re.sub("[^a-z]+", "-", request.node.name).strip("-")[:80]
    exporter, importer, name = f"{title}-from", f"{title}-to", f"{title}-value"
    assert stacks.deploy(exporter, _exporting(name, "1")) == "CREATE_COMPLETE"
    imported = {"Fn::Sub": f"{title}-${{Which}}"}
    parameters = {"Which": {"Type": "String", "Default": "value"}}
    status = stacks.deploy(importer, _importing(imported) | {"Parameters": parameters})
    assert status == "CREATE_COMPLETE"
    return exporter, importer, name


def test_a_stack_whose_export_is_imported_is_not_deleted(
    stacks: Stacks, pair: tuple[str, str, str]
) -> None:
    exporter, importer, name = pair
    stacks.client.delete_stack(StackName=exporter)
    assert stacks.status(exporter) == "DELETE_FAILED"
    assert f"Export {name} cannot be deleted as it is in use by {importer}" in stacks.reasons(
        exporter
    )
    assert (
        len(stacks.client.list_stack_resources(StackName=exporter)["StackResourceSummaries"]) == 1
    )
    assert stacks.exports()[name] == "1"
    stacks.client.delete_stack(StackName=importer)
    stacks.client.delete_stack(StackName=exporter)
    assert name not in stacks.exports()


@pytest.mark.parametrize("how", ["change set", "update"])
def test_an_imported_export_is_neither_renamed_nor_changed(
    stacks: Stacks, pair: tuple[str, str, str], how: str
) -> None:
    exporter, importer, name = pair
    renamed, changed = _exporting(f"{name}-other", "1"), _exporting(name, "2")
    for template, reason in (
        (renamed, f"Export {name} cannot be deleted as it is in use by {importer}"),
        (changed, f"Cannot update export {name} as it is in use by {importer}"),
    ):
        if how == "change set":
            stacks.deploy(exporter, template, "UPDATE")
        else:
            stacks.client.update_stack(StackName=exporter, TemplateBody=json.dumps(template))
        assert stacks.status(exporter) == "UPDATE_ROLLBACK_COMPLETE"
        assert reason in stacks.reasons(exporter)
        assert stacks.exports()[name] == "1"
        assert f"{name}-other" not in stacks.exports()


def test_a_refused_update_deletes_no_resource(stacks: Stacks) -> None:
    def template(logical_id: str) -> dict[str, Json]:
        resources = {logical_id: {"Type": "AWS::S3::Bucket"}}
        return _exporting("kept-bucket", {"Ref": logical_id}, **resources)

    stacks.deploy("keeper", template("First"))
    stacks.deploy("keeping", _importing("kept-bucket"))
    before = stacks.exports()["kept-bucket"]
    assert stacks.deploy("keeper", template("Second"), "UPDATE") == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.exports()["kept-bucket"] == before
    there = stacks.client.describe_stack_resources(StackName="keeper")["StackResources"]
    assert before in {each["PhysicalResourceId"] for each in there}


def test_a_name_is_exported_once(stacks: Stacks) -> None:
    stacks.deploy("owner", _exporting("single", "1"))
    assert stacks.deploy("rival", _exporting("single", "2")) == "ROLLBACK_COMPLETE"
    assert "Export with name single is already exported by stack owner" in stacks.reasons("rival")
    with pytest.raises(ClientError, match="is already exported by stack owner"):
        stacks.client.create_stack(
            StackName="rival-two", TemplateBody=json.dumps(_exporting("single", "3"))
        )
    assert stacks.exports()["single"] == "1"
    stacks.client.delete_stack(StackName="rival")
    assert stacks.exports()["single"] == "1"


def test_an_export_that_does_not_exist_is_named(stacks: Stacks) -> None:
    made = stacks.client.create_change_set(
        StackName="astray",
        ChangeSetName="deployment",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(_importing("nowhere")),
    )
    described = stacks.client.describe_change_set(ChangeSetName=made["Id"])
    assert described["Status"] == "FAILED"
    assert described["StatusReason"] == "No export named nowhere found"
    stacks.deploy("nowhere-else", _exporting("nowhere", "1"))
    assert stacks.deploy("astray", _importing("nowhere")) == "CREATE_COMPLETE"


def test_a_branch_that_is_not_taken_imports_nothing(stacks: Stacks) -> None:
    template = _importing("absent") | {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
    }
    value = {"Fn::If": ["Never", {"Fn::ImportValue": "absent"}, "else"]}
    template["Resources"]["User"]["Properties"]["DisplayName"] = value
    assert stacks.deploy("branching", template) == "CREATE_COMPLETE"


def test_the_importers_of_an_export_are_listed(stacks: Stacks, pair: tuple[str, str, str]) -> None:
    exporter, importer, name = pair
    assert stacks.client.list_imports(ExportName=name)["Imports"] == [importer]
    stacks.client.delete_stack(StackName=importer)
    with pytest.raises(ClientError, match=f"Export '{name}' is not imported by any stack"):
        stacks.client.list_imports(ExportName=name)
    stacks.client.delete_stack(StackName=exporter)
