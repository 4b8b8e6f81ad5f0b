"""Endpoints of the sandbox, asked by real SDK clients."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.end_to_end.endpoint.conftest import RED
from tfbatch_sandbox.services.sagemaker import invocations
from tfbatch_sandbox.services.sagemaker.endpoint import Endpoint

if TYPE_CHECKING:
    from tests.end_to_end.endpoint.conftest import Account
    from tfbatch_sandbox.services.sagemaker.endpoint_host import Reply

_ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/photos"


@pytest.fixture(scope="module")
def changing(account: Account) -> str:
    """An endpoint that tests may change."""
    assert account.start("changing", first="plain")["EndpointStatus"] == "InService"
    return "changing"


def _ask(account: Account, endpoint: str, **more: str) -> dict[str, object]:
    reply = account.runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="image/png", Body=RED, **more
    )
    said: dict[str, object] = json.loads(reply["Body"].read())
    return said


@pytest.mark.parametrize("variant", ["plain", "isolated"])
def test_a_variant_answers_with_what_its_container_says(
    account: Account, endpoint: str, variant: str
) -> None:
    reply = account.runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="image/png", Body=RED, TargetVariant=variant
    )
    assert reply["InvokedProductionVariant"] == variant
    assert reply["ContentType"] == "application/json"
    (first, _) = json.loads(reply["Body"].read())["top_k"]
    assert first["class"] == 0


def test_without_a_target_a_variant_is_chosen_by_weight(account: Account, endpoint: str) -> None:
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[
            {"VariantName": "plain", "DesiredWeight": 0.0, "DesiredInstanceCount": 1},
            {"VariantName": "isolated", "DesiredWeight": 1.0, "DesiredInstanceCount": 1},
        ],
    )
    replies = [
        account.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="image/png", Body=RED)
        for _ in range(4)
    ]
    assert {reply["InvokedProductionVariant"] for reply in replies} == {"isolated"}


def test_what_the_container_refuses_is_a_model_error_with_its_status_and_words(
    account: Account, endpoint: str
) -> None:
    with pytest.raises(account.runtime.exceptions.ModelError) as caught:
        account.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="video/mp4", Body=b"x")
    said: Any = caught.value.response
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert said["OriginalStatusCode"] == 415
    assert "no format for Content-Type 'video/mp4'" in said["OriginalMessage"]
    assert said["LogStreamArn"].endswith(":log-group:/aws/sagemaker/Endpoints/photos")
    assert "Received client error (415) from primary with message" in str(caught.value)


def test_a_bad_record_is_an_answer_and_no_error(account: Account, endpoint: str) -> None:
    reply = account.runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="image/png", Body=b"no image"
    )
    assert json.loads(reply["Body"].read())["error"]["code"] == "Refused"


def test_a_container_that_takes_over_a_minute_is_a_model_error_without_a_status() -> None:
    endpoint = Endpoint(name="photos", arn=_ARN, tags=[])
    endpoint.production_variants = [{"VariantName": "plain", "CurrentInstanceCount": 1}]

    def hang() -> Reply:
        raise TimeoutError

    _, headers, body = invocations.ask(endpoint, "plain", hang)
    said = json.loads(body)
    assert headers["status"] == "424"
    assert said["OriginalStatusCode"] == 0
    assert "Received server error (0) from primary" in said["Message"]
    assert "Your invocation timed out" in said["OriginalMessage"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        pytest.param(
            {"EndpointName": "nobody", "Body": b"x"},
            "Endpoint nobody of account 123456789012 not found",
            id="unknown endpoint",
        ),
        pytest.param(
            {"EndpointName": "photos", "Body": b"x", "TargetVariant": "third"},
            "Variant third of endpoint photos",
            id="unknown variant",
        ),
        pytest.param(
            {"EndpointName": "photos", "Body": b"x" * (6 * 1024**2 + 1)},
            "longer than the 6291456 bytes",
            id="over 6 MiB",
        ),
    ],
)
@pytest.mark.usefixtures("endpoint")
def test_a_request_that_can_reach_no_container_is_a_validation_error(
    account: Account, request_: dict[str, object], says: str
) -> None:
    with pytest.raises(account.runtime.exceptions.ValidationError, match=says):
        account.runtime.invoke_endpoint(**request_)  # type: ignore[arg-type]


def test_a_body_of_6_mib_reaches_the_container(account: Account, endpoint: str) -> None:
    reply = account.runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="image/png", Body=b"x" * 6 * 1024**2
    )
    assert json.loads(reply["Body"].read())["error"]["code"] == "Refused"


def test_an_endpoint_answers_no_asynchronous_request(account: Account, endpoint: str) -> None:
    with pytest.raises(ClientError, match="not an asynchronous endpoint"):
        account.runtime.invoke_endpoint_async(
            EndpointName=endpoint, InputLocation="s3://endpoint-models/x"
        )


def test_what_a_container_says_is_in_the_log_group_of_its_endpoint(
    account: Account, endpoint: str
) -> None:
    logs, group = account.client("logs"), f"/aws/sagemaker/Endpoints/{endpoint}"
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    names = {stream["logStreamName"].partition("/")[0] for stream in streams}
    assert names == {"plain", "isolated"}
    said = logs.filter_log_events(logGroupName=group)["events"]
    assert any("started gunicorn" in event["message"] for event in said)


def test_every_invocation_is_a_metric_of_its_variant(account: Account, endpoint: str) -> None:
    _ask(account, endpoint, TargetVariant="plain")
    found = account.client("cloudwatch").list_metrics(Namespace="AWS/SageMaker")["Metrics"]
    of = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "plain"}]
    assert {metric["MetricName"] for metric in found if metric["Dimensions"] == of} == {
        "Invocations",
        "InvocationsPerInstance",
        "Invocation4XXErrors",
        "Invocation5XXErrors",
        "ModelLatency",
    }


def test_autoscaling_holds_an_endpoint_within_its_bounds(account: Account, endpoint: str) -> None:
    scaling = account.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    resource = f"endpoint/{endpoint}/variant/plain"
    scaling.register_scalable_target(ResourceId=resource, MinCapacity=2, MaxCapacity=5, **target)
    (plain, _) = account.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    assert plain["DesiredInstanceCount"] == 2
    with pytest.raises(ClientError, match="no such endpoint or variant"):
        scaling.register_scalable_target(
            ResourceId="endpoint/nobody/variant/plain", MinCapacity=1, MaxCapacity=2, **target
        )


def test_an_update_that_fails_leaves_the_old_variant_and_one_that_does_not_replaces_it(
    account: Account, changing: str
) -> None:
    broken, second = (
        account.configure("broken", first="broken"),
        account.configure("second", second="plain"),
    )
    account.sagemaker.update_endpoint(EndpointName=changing, EndpointConfigName=broken)
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        account.sagemaker.update_endpoint(EndpointName=changing, EndpointConfigName=second)
    _ask(account, changing)  # while it is being updated
    failed = account.settled(changing)
    assert (failed["EndpointStatus"], failed["EndpointConfigName"]) == ("InService", changing)
    assert "did not pass the ping health check" in failed["FailureReason"]
    account.sagemaker.update_endpoint(EndpointName=changing, EndpointConfigName=second)
    replaced = account.settled(changing)
    assert replaced["EndpointConfigName"] == "second"
    assert "FailureReason" not in replaced
    reply = account.runtime.invoke_endpoint(
        EndpointName=changing, ContentType="image/png", Body=RED
    )
    assert reply["InvokedProductionVariant"] == "second"


def test_a_container_that_never_answers_fails_its_endpoint_with_the_reason(
    account: Account,
) -> None:
    failed = account.start("sick", only="broken")
    assert failed["EndpointStatus"] == "Failed"
    assert failed["FailureReason"] == (
        "The primary container for production variant only did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )
    logs = account.client("logs")
    said = logs.filter_log_events(logGroupName="/aws/sagemaker/Endpoints/sick")["events"]
    assert any("no SavedModel bundles found!" in event["message"] for event in said)
    with pytest.raises(account.runtime.exceptions.ValidationError, match="not found"):
        _ask(account, "sick")
    with pytest.raises(ClientError, match="Cannot update failed endpoint"):
        account.sagemaker.update_endpoint(EndpointName="sick", EndpointConfigName="sick")


def test_names_that_are_taken_or_missing_are_refused(account: Account, endpoint: str) -> None:
    sagemaker = account.sagemaker
    roleless = account.configure("roleless", only="roleless")
    with pytest.raises(ClientError, match="Cannot create already existing endpoint"):
        sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        sagemaker.create_endpoint(EndpointName="other", EndpointConfigName="missing")
    with pytest.raises(ClientError, match="Could not find model"):
        account.configure("of-nothing", only="missing")
    with pytest.raises(ClientError, match="Could not assume role"):
        sagemaker.create_endpoint(EndpointName="roleless", EndpointConfigName=roleless)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        sagemaker.describe_endpoint(EndpointName="roleless")
    with pytest.raises(ClientError, match="Could not find endpoint "):
        sagemaker.delete_endpoint(EndpointName="other")


def test_a_deleted_endpoint_is_deleting_and_then_gone_with_its_processes(
    account: Account, changing: str
) -> None:
    folder = account.sandbox.state_dir / "endpoints" / account.sandbox.region / changing
    assert _processes(folder)
    account.sagemaker.delete_endpoint(EndpointName=changing)
    assert _statuses(account, changing) <= {"Deleting"}  # it may be gone before the first look
    assert _processes(folder) == []


def _statuses(account: Account, name: str) -> set[str]:
    """Those that an endpoint has until it is gone."""
    seen, deadline = set(), time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            seen.add(account.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"])
        except ClientError as gone:
            assert "Could not find endpoint" in str(gone)  # noqa: PT017 - until it comes
            return set(map(str, seen))
        time.sleep(0.05)
    raise TimeoutError(name)


def _processes(folder: Path) -> list[str]:
    """Command lines of processes that have a folder among their arguments."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        if str(folder).encode() in command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def test_a_template_makes_alarms_and_autoscaling_and_takes_them_away(
    account: Account, endpoint: str
) -> None:
    cloudformation, resource = (
        account.client("cloudformation"),
        f"endpoint/{endpoint}/variant/plain",
    )
    template = {
        "Resources": {
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "Namespace": "AWS/SageMaker",
                    "MetricName": "Invocation5XXErrors",
                    "ComparisonOperator": "GreaterThanThreshold",
                    "EvaluationPeriods": 1,
                    "Period": 60,
                    "Statistic": "Sum",
                    "Threshold": 0,
                },
            },
            "Target": {
                "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
                "Properties": {
                    "ServiceNamespace": "sagemaker",
                    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                    "ResourceId": resource,
                    "MinCapacity": 1,
                    "MaxCapacity": 3,
                },
            },
            "Policy": {
                "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
                "Properties": {
                    "PolicyName": "requests",
                    "PolicyType": "TargetTrackingScaling",
                    "ScalingTargetId": {"Ref": "Target"},
                    "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 100},
                },
            },
        },
        "Outputs": {"Alarm": {"Value": {"Fn::GetAtt": ["Alarm", "Arn"]}}},
    }
    cloudformation.create_change_set(
        StackName="alarms",
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
    )
    cloudformation.execute_change_set(StackName="alarms", ChangeSetName="first")
    cloudformation.get_waiter("stack_create_complete").wait(StackName="alarms")
    scaling, alarms = account.client("application-autoscaling"), account.client("cloudwatch")
    (alarm,) = alarms.describe_alarms()["MetricAlarms"]
    (output,) = cloudformation.describe_stacks(StackName="alarms")["Stacks"][0]["Outputs"]
    assert output["OutputValue"] == alarm["AlarmArn"]
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["ResourceId"] == resource
    cloudformation.delete_stack(StackName="alarms")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="alarms")
    assert alarms.describe_alarms()["MetricAlarms"] == []
    found = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")
    assert found["ScalingPolicies"] == []
