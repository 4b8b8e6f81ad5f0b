"""BatchInference in an app that exists: what it makes, and what a team brings along."""

from __future__ import annotations

import json
import pydoc
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import Stage as CdkStage
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

import tfbatch_cdk
from app import build
from examples.pipeline.app import PRODUCTION, TEST, pipeline
from stacks.stages import stage_named
from tests.paths import REPOSITORY
from tfbatch_cdk import BatchInference, Buckets, ExistingVpc, Roles
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.settings import Access, Endpoint, Protection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEV = stage_named("dev")
PROD = stage_named("prod")
ACCOUNT = "111122223333"
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234"
NOT_BUNDLED: dict[str, Any] = {"aws:cdk:bundling-stacks": []}
"""No artifact is written, as for ``cdk ls``."""


def a_stack(**options: Any) -> Stack:  # noqa: ANN401 # of aws_cdk.Stack
    return Stack(App(context=NOT_BUNDLED), "Mine", **options)


def resources(stack: Stack) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = Template.from_stack(stack).to_json()["Resources"]
    return found


def of_type(found: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one.get("Properties", {}) for one in found.values() if one["Type"] == kind]


def actions_on(found: dict[str, dict[str, Any]], resource: str) -> set[str]:
    """The actions that policies of roles allow on resources with a name in their ARN."""
    return {
        action
        for policy in of_type(found, "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if resource in str(statement["Resource"])
        for action in _listed(statement["Action"])
    }


def _listed(value: str | Iterable[str]) -> Iterable[str]:
    return [value] if isinstance(value, str) else value


def shape(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template without policies' statements, which the CDK sorts and merges by an app's flags."""
    return {
        name: (one["Type"], sorted(one.get("Properties", {})))
        for name, one in template["Resources"].items()
    }


def test_it_is_all_of_the_app_in_one_construct() -> None:
    stack = a_stack()
    inference = BatchInference(stack, "Predictions", stage=replace(PROD, endpoint=Endpoint()))
    kinds = sorted(one["Type"] for one in resources(stack).values())
    app = App(context=NOT_BUNDLED)
    build(app, replace(PROD, endpoint=Endpoint()))
    of_the_app = [
        one["Type"]
        for made in app.node.find_all()
        if isinstance(made, Stack)
        for one in resources(made).values()
    ]
    of_the_app.remove("AWS::SNS::Topic")  # the endpoint's own; in one construct there is one topic
    of_the_app.remove("AWS::SNS::TopicPolicy")
    assert kinds == sorted(of_the_app)
    for attribute in ("state_machine", "input_bucket", "output_bucket", "work_bucket", "topic"):
        assert getattr(inference, attribute).stack.node.id == "Mine"
    assert inference.key is not None
    assert inference.endpoint_name is not None


def test_an_app_without_feature_flags_gets_the_same_resources() -> None:
    flags = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    plain, flagged = App(context=NOT_BUNDLED), App(context=NOT_BUNDLED | flags)
    for app in (plain, flagged):
        build(app, PROD)
    for name in ("data", "inference"):
        one, other = (
            Template.from_stack(app.node.find_child(f"tfbatch-prod-{name}")).to_json()  # type: ignore[arg-type]
            for app in (plain, flagged)
        )
        assert shape(one) == shape(other)


def test_the_stacks_can_be_in_a_stage_of_a_pipeline() -> None:
    app = App(context=NOT_BUNDLED)
    stage = CdkStage(app, "Europe", env=Environment(account=ACCOUNT, region="eu-west-1"))
    data, inference = build(stage, DEV)
    assert (data.stack_name, inference.stack_name) == (
        "Europe-tfbatch-dev-data",
        "Europe-tfbatch-dev-inference",
    )
    assert inference.region == "eu-west-1"


def test_a_team_brings_its_buckets_key_vpc_and_topic() -> None:
    stack = a_stack(env=Environment(account=ACCOUNT, region="eu-west-1"))
    key = kms.Key(stack, "Key")
    bucket = s3.Bucket(stack, "Records", encryption_key=key)
    topic = sns.Topic(stack, "Operations")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    inference = BatchInference(
        stack,
        "Predictions",
        stage=PROD,
        buckets=Buckets(input=bucket),
        key=key,
        vpc=ExistingVpc(vpc=vpc),
        topic=topic,
    )
    found = resources(stack)
    assert inference.input_bucket.node.path == "Mine/Records"
    assert len(of_type(found, "AWS::KMS::Key")) == len(of_type(found, "AWS::EC2::VPC")) == 1
    assert len(of_type(found, "AWS::SNS::Topic")) == 1
    assert len(of_type(found, "AWS::S3::Bucket")) == 4  # the team's, output, work, access logs
    private = {one["Ref"] for one in _resolved(stack, vpc.select_subnets().subnet_ids)}
    for function in of_type(found, "AWS::Lambda::Function"):
        if "VpcConfig" in function:
            assert {one["Ref"] for one in function["VpcConfig"]["SubnetIds"]} == private
    (policy,) = (one["KeyPolicy"] for one in of_type(found, "AWS::KMS::Key"))
    assert "UsedByTheStagesLogGroups" in {one.get("Sid") for one in policy["Statement"]}
    assert {"s3:GetObject", "s3:ListBucket"} <= actions_on(found, "Records")
    assert "s3:PutObject" not in actions_on(found, "Records")


def _resolved(stack: Stack, value: object) -> Any:  # noqa: ANN401 # a template's value
    return stack.resolve(value)


def test_security_groups_of_ones_own_are_used_as_they_are() -> None:
    stack = a_stack(env=Environment(account=ACCOUNT, region="eu-west-1"))
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    group = ec2.SecurityGroup(stack, "Group", vpc=vpc)
    existing = ExistingVpc(
        vpc=vpc,
        subnets=ec2.SubnetSelection(subnets=[vpc.private_subnets[0]]),
        security_groups=[group],
    )
    BatchInference(stack, "Predictions", stage=PROD, vpc=existing)
    found = resources(stack)
    assert len(of_type(found, "AWS::EC2::SecurityGroup")) == 1
    (model,) = of_type(found, "AWS::SageMaker::Model")
    assert len(model["VpcConfig"]["Subnets"]) == 1
    assert len(model["VpcConfig"]["SecurityGroupIds"]) == 1


@pytest.mark.parametrize("mutable", [True, False])
def test_roles_that_are_made_elsewhere_are_used_and_none_is_made(mutable: bool) -> None:  # noqa: FBT001
    stack = a_stack(env=Environment(account=ACCOUNT, region="eu-west-1"))
    roles = {
        name: iam.Role.from_role_arn(
            stack, name, f"arn:aws:iam::{ACCOUNT}:role/{name}", mutable=mutable
        )
        for name in Roles.__slots__
    }
    stage = replace(PROD, protection=replace(PROD.protection, network=None))
    BatchInference(stack, "Predictions", stage=stage, roles=Roles(**roles))
    found = resources(stack)
    assert of_type(found, "AWS::IAM::Role") == []
    (model,) = of_type(found, "AWS::SageMaker::Model")
    assert model["ExecutionRoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/model"
    attached = {
        name for policy in of_type(found, "AWS::IAM::Policy") for name in policy.get("Roles", [])
    }
    assert attached == (set(roles) if mutable else set())


def test_every_role_has_the_permissions_boundary() -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    stack = a_stack()
    protection = Protection(access=Access(permissions_boundary=boundary))
    BatchInference(stack, "Predictions", stage=replace(PROD, protection=protection))
    roles = of_type(resources(stack), "AWS::IAM::Role")
    assert roles
    assert {one["PermissionsBoundary"] for one in roles} == {boundary}


def test_what_a_foreign_keys_owner_must_add_is_said() -> None:
    stack = a_stack()
    key = kms.Key.from_key_arn(stack, "Key", KEY_ARN)
    inference = BatchInference(stack, "Predictions", stage=PROD, key=key)
    assert of_type(resources(stack), "AWS::KMS::Key") == []
    said = [stack.resolve(one.to_statement_json()) for one in inference.key_policy]
    assert {"kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey"} <= {
        action for statement in said for action in _listed(statement["Action"])
    }


@pytest.mark.parametrize("brought", [False, True])
def test_the_key_serves_log_groups_that_are_named_after_the_apps_own_stack(
    *, brought: bool
) -> None:
    stack = a_stack()
    key = kms.Key(stack, "Own") if brought else None
    BatchInference(stack, "Predictions", stage=PROD, key=key)
    (policy,) = (one["KeyPolicy"] for one in of_type(resources(stack), "AWS::KMS::Key"))
    (groups,) = (
        statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
        for statement in policy["Statement"]
        if "ArnLike" in statement.get("Condition", {})
    )
    ends = {json.dumps(one).partition("log-group:")[2].partition('"')[0] for one in groups}
    assert {"Mine-*", "/aws/vendedlogs/states/Mine-*"} <= ends


def test_a_stage_of_another_region_than_the_stacks_is_refused() -> None:
    stack = a_stack(env=Environment(account=ACCOUNT, region="eu-west-1"))
    with pytest.raises(SettingsError, match=r"Stage\.region = 'us-east-1'.*'eu-west-1'"):
        BatchInference(stack, "Predictions", stage=replace(PROD, region="us-east-1"))


def test_its_help_is_all_that_a_user_of_the_cdk_needs() -> None:
    text = pydoc.plain(pydoc.render_doc(tfbatch_cdk.BatchInference))
    for word in ("buckets", "key", "vpc", "topic", "roles", "permissions_boundary", "Raises"):
        assert word in text
    assert "stage=Settings(" in text


def test_the_settings_alone_need_no_cdk() -> None:
    program = "import sys, tfbatch_cdk.settings; sys.exit('aws_cdk' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=REPOSITORY)


def test_a_pipeline_deploys_to_two_accounts() -> None:
    app = App(context=NOT_BUNDLED)
    pipeline(app, DEV.models[0].directory)
    template = Template.from_stack(app.node.find_child("PhotosPipeline")).to_json()  # type: ignore[arg-type]
    (made,) = of_type(template["Resources"], "AWS::CodePipeline::Pipeline")
    stages = {one["Name"]: str(one) for one in made["Stages"]}
    assert list(stages)[-2:] == ["Test", "Production"]
    assert TEST in stages["Test"]
    assert PRODUCTION in stages["Production"]
