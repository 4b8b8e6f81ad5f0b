"""Tests of the synthesized CloudFormation templates."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stacks.stages import stage_named
from tests.paths import REPOSITORY
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model.image import REGISTRY_ACCOUNTS
from tfbatch_cdk.settings import Container, Stage
from tfbatch_cdk.workflow.flowchart import mermaid
from tfbatch_cdk.workflow.request import schema, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tfbatch_cdk.conftest import Assembly, Template

SNAPSHOTS = Path(__file__).parent / "snapshots"


def definition(assembly: Assembly) -> Template:
    """The deployed state machine, with CloudFormation references as ``${...}``."""
    (machine,) = (
        one["Properties"]
        for name, one in assembly.of_type("AWS::StepFunctions::StateMachine").items()
        if name.startswith("Workflow")
    )
    parts = machine["DefinitionString"]["Fn::Join"][1]
    states: Template = json.loads(
        "".join(part if isinstance(part, str) else _reference(part) for part in parts)
    )
    artifacts = states["States"]["Read the stage"]["Assign"]["stage"]["artifacts"]
    for one in artifacts.values():  # digests change with every line of the handler
        one.update(digest="…", uri="…")
    return states


def _reference(value: dict[str, Any]) -> str:
    ((_, target),) = value.items()
    return "${" + (target if isinstance(target, str) else ".".join(target)) + "}"


def _matches_snapshot(name: str, value: object) -> bool:
    """Compare with a committed file; ``UPDATE_SNAPSHOTS=1`` writes the file first."""
    file = SNAPSHOTS / name
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(text)
    return file.read_text() == text


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_change_of_resources_or_workflow_shows_in_a_snapshot(
    assemblies: dict[str, Assembly], stage: str
) -> None:
    assembly = assemblies[stage]
    resources = assembly.data["Resources"] | assembly.inference["Resources"]
    kinds = {name: resource["Type"] for name, resource in resources.items()}
    assert _matches_snapshot(f"{stage}-resources.json", kinds)
    assert _matches_snapshot(f"{stage}-workflow.json", definition(assembly))


def _shard(workflow: Template) -> Template:
    processor: Template = workflow["States"]["Transform the shards"]["ItemProcessor"]
    return processor


@pytest.mark.parametrize("part", ["workflow", "shard", "request"])
def test_the_docs_show_what_is_deployed(dev: Assembly, part: str) -> None:
    workflow = definition(dev)
    wanted = {
        "workflow": f"```mermaid\n{mermaid(workflow)}```\n",
        "shard": f"```mermaid\n{mermaid(_shard(workflow))}```\n",
        "request": table(schema(stage_named("dev"))),
    }[part]
    begin, end = f"<!-- {part} -->\n", f"<!-- /{part} -->"
    file = REPOSITORY / "docs" / "architecture.md"
    before, _, rest = file.read_text().partition(begin)
    shown, _, after = rest.partition(end)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(before + begin + wanted + end + after)
        shown = wanted
    assert shown == wanted


@pytest.mark.aws
def test_a_deployment_leaves_running_executions_their_model(dev: Assembly) -> None:
    (model,) = dev.of_type("AWS::SageMaker::Model").values()
    assert model["UpdateReplacePolicy"] == "Retain"
    assert "DeletionPolicy" not in model
    policies = {
        name: json.dumps(one)
        for name, one in dev.of_type("AWS::IAM::Policy").items()
        if not name.startswith("ReplacedModels")
    }
    # A grant for the new model, or for its artifact, would shut out the old ones.
    assert ":model/" not in str(policies)
    readers = {name for name, one in policies.items() if "/tfbatch.efficientnet-lite0.*" in one}
    assert {name.partition("Role")[0] for name in readers} == {
        "Modelefficientnetlite0",
        "Plan",
    }
    assert not re.search(r"[0-9a-f]{64}", str(policies))


@pytest.mark.aws
def test_every_retry_has_jitter(dev: Assembly) -> None:
    text = json.dumps(definition(dev))
    assert text.count('"JitterStrategy": "FULL"') == text.count('"BackoffRate"') > 5


@pytest.mark.aws
def test_the_maps_executions_can_be_redriven(dev: Assembly) -> None:
    (actions,) = (
        statement["Action"]
        for policy in dev.of_type("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "/Shards:*" in json.dumps(statement["Resource"])
        and "StopExecution" in json.dumps(statement)
        and "ListExecutions" not in json.dumps(policy)
    )
    assert "states:RedriveExecution" in actions


@pytest.mark.aws
def test_prod_keeps_its_buckets_when_the_stack_is_deleted(prod: Assembly) -> None:
    buckets = prod.of_type("AWS::S3::Bucket")
    assert len(buckets) == 4
    assert {bucket["DeletionPolicy"] for bucket in buckets.values()} == {"RetainExceptOnCreate"}
    assert not prod.of_type("Custom::S3AutoDeleteObjects")
    manifest = json.loads((prod.directory / "manifest.json").read_text())
    properties = manifest["artifacts"]["tfbatch-prod-data"]["properties"]
    assert properties["terminationProtection"] is True


def test_dev_empties_and_removes_its_buckets(dev: Assembly) -> None:
    buckets = dev.of_type("AWS::S3::Bucket")
    assert {bucket["DeletionPolicy"] for bucket in buckets.values()} == {"Delete"}
    assert len(dev.of_type("Custom::S3AutoDeleteObjects")) == len(buckets)


def test_every_bucket_is_encrypted_private_and_reached_over_tls(prod: Assembly) -> None:
    policies = prod.of_type("AWS::S3::BucketPolicy")
    for name, bucket in prod.of_type("AWS::S3::Bucket").items():
        properties = bucket["Properties"]
        assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert all(properties["PublicAccessBlockConfiguration"].values())
        (policy,) = (
            one["Properties"]["PolicyDocument"]
            for one in policies.values()
            if one["Properties"]["Bucket"] == {"Ref": name}
        )
        tls = {"Bool": {"aws:SecureTransport": "false"}}
        assert any(
            statement["Effect"] == "Deny" and statement["Condition"] == tls
            for statement in policy["Statement"]
            if "Condition" in statement
        )


def test_every_bucket_forgets_incomplete_uploads(prod: Assembly) -> None:
    for bucket in prod.of_type("AWS::S3::Bucket").values():
        (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_inputs_and_outputs_never_expire_and_old_versions_of_all_do(prod: Assembly) -> None:
    for name, bucket in prod.of_type("AWS::S3::Bucket").items():
        properties = bucket["Properties"]
        (rule,) = properties["LifecycleConfiguration"]["Rules"]
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
        keeps = name.startswith(("StorageInput", "StorageOutput"))
        assert ("ExpirationInDays" in rule) is not keeps


def _actions(assembly: Assembly, role: str) -> set[str]:
    (policy,) = (
        policy["Properties"]["PolicyDocument"]
        for name, policy in assembly.of_type("AWS::IAM::Policy").items()
        if name.startswith(role)
    )
    found: set[str] = set()
    for statement in policy["Statement"]:
        actions = statement["Action"]
        found.update([actions] if isinstance(actions, str) else actions)
    return found


def test_the_jobs_role_has_what_the_container_needs_and_no_more(prod: Assembly) -> None:
    assert _actions(prod, "Model") == {
        "cloudwatch:PutMetricData",
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        *{action for action in _actions(prod, "Model") if action.startswith("ec2:")},
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
    }


def test_the_workflows_role_runs_jobs_and_looks_into_buckets(prod: Assembly) -> None:
    beyond_logs_and_traces = {
        action
        for action in _actions(prod, "WorkflowRole")
        if not action.startswith(("logs:", "xray:"))
    }
    assert beyond_logs_and_traces == {
        "events:PutEvents",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "lambda:InvokeFunction",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "sagemaker:AddTags",
        "sagemaker:CreateTransformJob",
        "sagemaker:DescribeTransformJob",
        "sagemaker:StopTransformJob",
        "sns:Publish",
    }


def test_no_role_has_a_managed_policy_but_the_buckets_cleaner(dev: Assembly) -> None:
    managed = {
        name
        for name, role in dev.of_type("AWS::IAM::Role").items()
        if role["Properties"].get("ManagedPolicyArns")
    }
    assert {name.rstrip("0123456789ABCDEF") for name in managed} == {
        "CustomS3AutoDeleteObjectsCustomResourceProviderRole"
    }


def test_the_image_is_found_in_whatever_region_the_stack_is_deployed_to(prod: Assembly) -> None:
    image = prod.one("AWS::SageMaker::Model")["PrimaryContainer"]["Image"]["Fn::Join"][1]
    assert image[-1] == "/tensorflow-inference:2.20.0-gpu-py312-cu129-amzn2023-sagemaker"
    mapping, region, key = image[0]["Fn::FindInMap"]
    table = prod.inference["Mappings"][mapping]
    assert region == {"Ref": "AWS::Region"}
    assert {name: row[key] for name, row in table.items()} == REGISTRY_ACCOUNTS


def _prod(**changes: Any) -> Stage:  # noqa: ANN401 # any of the stage's fields
    return replace(stage_named("prod"), **changes)


def test_a_fixed_region_names_its_registry(synth: Callable[[Stage], Assembly]) -> None:
    assembly = synth(_prod(region="ap-northeast-3", account="111122223333"))
    image = str(assembly.one("AWS::SageMaker::Model")["PrimaryContainer"]["Image"])
    assert "364406365360.dkr.ecr.ap-northeast-3." in image


def test_a_region_without_the_image_is_refused(synth: Callable[[Stage], Assembly]) -> None:
    with pytest.raises(SettingsError, match=r"Stage\.region = 'xx-north-1'.*Container\.image"):
        synth(_prod(region="xx-north-1", account="111122223333"))


def test_an_image_of_ones_own_is_pulled_from_its_own_repository(
    synth: Callable[[Stage], Assembly],
) -> None:
    uri = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/serving@sha256:" + "0" * 64
    assembly = synth(_prod(container=Container(image=uri, python="3.12")))
    assert assembly.one("AWS::SageMaker::Model")["PrimaryContainer"]["Image"] == uri
    policies = json.dumps(assembly.of_type("AWS::IAM::Policy"))
    assert ":ecr:eu-west-1:111122223333:repository/team/serving" in policies


def test_an_image_that_sagemaker_cannot_pull_is_refused(
    synth: Callable[[Stage], Assembly],
) -> None:
    with pytest.raises(SettingsError, match=r"Container\.image = 'docker\.io/x'"):
        synth(_prod(container=Container(image="docker.io/x", python="3.12")))


def test_a_further_input_bucket_may_be_read_by_jobs_and_listed_by_the_workflow(
    synth: Callable[[Stage], Assembly],
) -> None:
    assembly = synth(_prod(input_buckets=("their-photos",)))
    fixed = definition(assembly)["States"]["Read the stage"]["Assign"]["stage"]
    assert "their-photos" in fixed["inputBuckets"]
    readers = {
        name.partition("Role")[0]
        for name, policy in assembly.of_type("AWS::IAM::Policy").items()
        if ":s3:::their-photos" in json.dumps(policy)
    }
    assert readers == {"Modelefficientnetlite0", "Plan", "Reconcile", "Workflow"}
