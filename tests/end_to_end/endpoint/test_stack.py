"""The endpoint's stack, as ``cdk synth`` makes it with the AWS Solutions checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stacks.stages import STAGES
from tests.end_to_end.endpoint.app import MODEL
from tests.paths import REPOSITORY
from tests.tfbatch_cdk.test_synthesis import CHECKED, cdk_synth
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.settings import Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

Template = dict[str, Any]
SNAPSHOT = Path(__file__).parent / "snapshots" / "resources.json"


@pytest.fixture(scope="module")
def assembly(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("endpoint-assembly")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MODEL, str(saved_models / "image"))
        app = f"{sys.executable} -m tests.end_to_end.endpoint.app"
        done = cdk_synth(REPOSITORY, output, "--app", app, "--context", CHECKED)
    assert done.returncode == 0, done.stdout + done.stderr
    return output


@pytest.fixture(scope="module")
def template(assembly: Path) -> Template:
    found: Template = json.loads((assembly / "tfbatch-prod-endpoint.template.json").read_text())
    return found


def of_type(template: Template, kind: str) -> list[Mapping[str, Any]]:
    resources = template["Resources"].values()
    return [each["Properties"] for each in resources if each["Type"] == kind]


def test_a_change_of_resources_shows_in_a_snapshot(template: Template) -> None:
    kinds = {name: one["Type"] for name, one in template["Resources"].items()}
    text = json.dumps(kinds, indent=2, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(text)
    assert SNAPSHOT.read_text() == text


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    file = assembly / "tfbatch-prod-endpoint.template.json"
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), str(file)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_stage_has_an_endpoint_unless_it_asks_for_one() -> None:
    assert [stage.name for stage in STAGES if stage.endpoint] == []


def test_the_endpoint_serves_the_same_artifact_in_the_same_container_as_the_jobs(
    assembly: Path, template: Template
) -> None:
    inference = json.loads((assembly / "tfbatch-prod-inference.template.json").read_text())
    (ours,) = of_type(template, "AWS::SageMaker::Model")
    (theirs,) = of_type(inference, "AWS::SageMaker::Model")
    container, other = dict(ours["PrimaryContainer"]), dict(theirs["PrimaryContainer"])
    for each in (container, other):
        # Each stack has its own table of the images' accounts, under a name of its own.
        each["Image"] = each["Image"]["Fn::Join"][1][-1]
        del each["Environment"]  # an endpoint waits a minute, a job as long as its format says
    assert container == other
    assert ours["EnableNetworkIsolation"] == theirs["EnableNetworkIsolation"]


def test_the_role_reads_the_artifact_and_no_data(template: Template) -> None:
    (policy,) = of_type(template, "AWS::IAM::Policy")
    statements = policy["PolicyDocument"]["Statement"]
    actions = {
        action
        for statement in statements
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    }
    assert {action for action in actions if action.startswith("s3:")} == {"s3:GetObject"}
    assert {action.partition(":")[0] for action in actions} == {
        *("cloudwatch", "ec2", "ecr", "kms", "logs", "s3")
    }
    assert ":log-group:/aws/sagemaker/Endpoints/*:*" in json.dumps(statements)


def test_instances_follow_the_requests_between_the_stages_bounds(template: Template) -> None:
    (config,) = of_type(template, "AWS::SageMaker::EndpointConfig")
    (variant,) = config["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.c7i.xlarge", 2)
    assert "InferenceAmiVersion" not in variant  # of GPU instances
    (target,) = of_type(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 3)
    (policy,) = of_type(template, "AWS::ApplicationAutoScaling::ScalingPolicy")
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == 3000
    metric = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
    assert metric == "SageMakerVariantInvocationsPerInstance"
    (endpoint,) = of_type(template, "AWS::SageMaker::Endpoint")
    assert endpoint["RetainAllVariantProperties"] is True


def test_errors_slow_answers_and_missing_instances_are_told_to_the_topic(
    template: Template,
) -> None:
    alarms = {one["MetricName"]: one for one in of_type(template, "AWS::CloudWatch::Alarm")}
    assert alarms.keys() == {"Invocation5XXErrors", "ModelLatency", "CPUUtilization"}
    assert alarms["ModelLatency"]["Threshold"] == 2_000_000  # microseconds
    assert alarms["CPUUtilization"]["Threshold"] == 2
    assert alarms["CPUUtilization"]["TreatMissingData"] == "breaching"
    (policy,) = of_type(template, "AWS::SNS::TopicPolicy")
    publishers = [
        statement["Principal"]["Service"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert publishers == ["cloudwatch.amazonaws.com"]
    for alarm in alarms.values():
        assert [policy["Topics"][0]] == alarm["AlarmActions"] == alarm["OKActions"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"instance_type": "ml.g5.xlarge"}, r"Endpoint\.instance_type = 'ml\.g5\.xlarge'"),
        ({"min_instances": 0}, r"Endpoint\.min_instances = 0: use 1 or more"),
        ({"min_instances": 5}, r"Endpoint\.max_instances = 4: use min_instances = 5 or more"),
        ({"invocations_per_minute": 0}, r"Endpoint\.invocations_per_minute = 0"),
        ({"scale_in_seconds": 9000}, r"Endpoint\.scale_in_seconds = 9000: use 0 to 3600"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_remedy(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Endpoint(**changes)


def test_a_model_that_the_stage_has_not_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"Endpoint\.model = 'bert': use one of efficientnet"):
        replace(STAGES[0], endpoint=Endpoint(model="bert"))


def test_only_instances_with_a_gpu_choose_its_driver() -> None:
    assert Endpoint(instance_type="g5.2xlarge").ami_version == "al2-ami-sagemaker-inference-gpu-2"
    assert Endpoint(instance_type="m7i.large").ami_version is None
