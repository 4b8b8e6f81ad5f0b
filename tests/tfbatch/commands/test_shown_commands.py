"""What ``--show-aws`` prints, and what errors of the SDK become."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from tfbatch.aws.calls import Call, aws_command
from tfbatch.aws.execution import new_name
from tfbatch.aws.session import Session
from tfbatch.doctor.deployment import different
from tfbatch.doctor.quotas import judge
from tfbatch.doctor.zones import Region
from tfbatch.doctor.zones import judge as judge_zones
from tfbatch.terminal.problem import Problem, explained
from tfbatch_cdk.settings import Compute, Network


def test_a_call_is_quoted_for_a_shell_with_its_region_and_profile() -> None:
    call = Call(
        "stepfunctions",
        "start_execution",
        {"stateMachineArn": "arn:x", "input": '{"input": "s3://b/it\'s/"}'},
    )
    words = shlex.split(call.command(Session(region="eu-west-1", profile="a b")))
    assert words == [
        *("aws", "stepfunctions", "start-execution", "--state-machine-arn", "arn:x"),
        *("--input", '{"input": "s3://b/it\'s/"}', "--region", "eu-west-1", "--profile", "a b"),
    ]


def test_lists_flags_bodies_and_services_are_the_aws_clis() -> None:
    call = Call(
        "s3",
        "put_object",
        {"Bucket": "b", "Body": Path("a b.jpg"), "BucketKeyEnabled": True, "Metadata": {"k": "v"}},
    )
    assert call.command(Session()) == (
        "aws s3api put-object --bucket b --body 'fileb://a b.jpg' --bucket-key-enabled "
        """--metadata '{"k": "v"}'"""
    )
    assert aws_command(Session(), "s3", "ls", "s3://a b/") == "aws s3 ls 's3://a b/'"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (NoCredentialsError(), "aws configure"),
        (EndpointConnectionError(endpoint_url="http://localhost:1"), "tfbatch sandbox status"),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjects"),
            "get-caller-identity",
        ),
        (
            ClientError({"Error": {"Code": "ExpiredToken", "Message": "no"}}, "ListObjects"),
            "aws sso login",
        ),
    ],
)
def test_what_the_sdk_raises_becomes_a_problem_with_a_remedy(error: Exception, says: str) -> None:
    with pytest.raises(Problem, match=says), explained():
        raise error


def test_an_error_that_is_ours_stays_an_error() -> None:
    with pytest.raises(KeyError), explained():
        raise KeyError("a bug")


def test_names_of_executions_fit_the_names_of_their_jobs() -> None:
    names = {new_name("Ünïcode & long/folder name") for _ in range(50)}
    assert all(len(name) <= 30 and name.isascii() for name in names)
    assert len(names) > 45
    assert new_name("///").startswith("run-")


def test_quotas_are_held_against_what_a_run_may_ask_for() -> None:
    compute = Compute(
        instance_types=("g5.xlarge", "g6.xlarge", "g4dn.xlarge"), max_instances=4, max_jobs=2
    )
    found = {"ml.g5.xlarge": ("L-1", 0.0), "ml.g6.xlarge": ("L-2", 8.0)}
    first, second, third = judge(found, compute)
    assert (first.status, second.status, third.status) == ("failed", "ok", "warning")
    assert "--quota-code L-1 --desired-value 8" in first.remedy
    assert "AWS has no transform jobs on ml.g4dn.xlarge here" in third.remedy


@pytest.mark.aws
def test_a_zone_without_an_endpoint_or_a_gpu_is_told_with_those_that_have_them() -> None:
    names = {
        f"us-east-1{letter}": f"use1-az{id_}" for letter, id_ in zip("abc", "312", strict=True)
    }
    everywhere, but_first = frozenset(names), frozenset(names) - {"us-east-1a"}
    region = Region(
        ids=names,
        types={"g5.xlarge": everywhere, "g6.xlarge": frozenset({"us-east-1c"})},
        services=dict.fromkeys(("ecr.api", "ecr.dkr", "logs", "sagemaker.api"), but_first),
    )
    compute = Compute(instance_types=("g5.xlarge", "g6.xlarge"))
    first, second = judge_zones(region, Network(), compute)
    assert first.status == "failed"  # use1-az3 has neither Lambda nor most endpoint services
    assert "Set Network.zones to some of use1-az1, use1-az2" in first.remedy
    assert (second.status, "EC2 has no g6.xlarge there" in second.found) == ("warning", True)
    chosen = Network(zones=("use1-az2", "us-east-1c", "use1-az9"))
    by_id, by_name, unknown = judge_zones(region, chosen, compute)
    assert (by_id.status, by_name.status, unknown.status) == ("ok", "ok", "failed")


def test_drift_is_told_value_by_value() -> None:
    deployed = {"rounds": 3, "formats": {"jpeg": {"payload": 6}, "old": {}}}
    wanted = {"rounds": 3, "formats": {"jpeg": {"payload": 1}}, "more": 1}
    assert different(wanted, deployed) == [
        "formats.jpeg.payload = 6 is deployed, and the settings say 1",
        "formats.old is deployed, and the settings have none",
        "more is not deployed yet",
    ]


def test_a_hint_leads_to_the_same_stage() -> None:
    assert Session().options == ""
    assert Session(stage="prod", profile="a b").options == " --stage prod --profile 'a b'"
    assert Session(stage="dev2").options == " --stage dev2"
