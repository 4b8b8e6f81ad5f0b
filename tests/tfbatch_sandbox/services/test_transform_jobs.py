"""The transform job actions: what they take, what they refuse, how a job goes."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import psutil  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from tests.tfbatch_sandbox.roles import allow, make_role
from tests.tfbatch_sandbox.services.conftest import STAND_IN, Jobs
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_sandbox.services.json_type import Json

ARN = "arn:aws:sagemaker:us-east-1:123456789012:transform-job"


def _refusal(jobs: Jobs, **changes: Json) -> Json:
    with pytest.raises(ClientError) as refused:
        jobs.create(changes.pop("name", "refused"), **changes)
    return refused.value.response["Error"]


def test_a_job_goes_from_in_progress_to_completed_with_its_times(jobs: Jobs) -> None:
    before = datetime.now(UTC)
    jobs.create("good", Environment={"SECONDS": "0.5"})
    started = jobs.until("good", {"InProgress"})
    assert "TransformEndTime" not in started
    ended = jobs.end("good")
    assert ended["TransformJobStatus"] == "Completed"
    assert "FailureReason" not in ended
    times = [ended["CreationTime"], ended["TransformStartTime"], ended["TransformEndTime"]]
    assert times == sorted(times)
    assert (times[2] - times[1]).total_seconds() >= 0.5
    assert (times[0] - before).total_seconds() < 10


def test_a_failed_job_says_why(jobs: Jobs) -> None:
    jobs.create("bad", Environment={"FAIL": "ClientError: 413"})
    ended = jobs.end("bad")
    assert (ended["TransformJobStatus"], ended["FailureReason"]) == ("Failed", "ClientError: 413")


def test_a_process_that_ends_without_a_word_is_an_internal_error(jobs: Jobs) -> None:
    jobs.create("crash", Environment={"CRASH": "yes"})
    assert jobs.end("crash")["FailureReason"] == (
        "InternalServerError: We encountered an internal error. Please try again."
    )


def test_a_stopped_job_is_stopping_and_then_stopped(jobs: Jobs) -> None:
    jobs.create("stop", Environment={"SECONDS": "60"})
    while "TransformStartTime" not in jobs.until("stop", {"InProgress"}):
        pass
    jobs.sagemaker.stop_transform_job(TransformJobName="stop")
    assert jobs.until("stop", {"Stopping", "Stopped"})
    assert jobs.end("stop")["TransformJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="is in status Stopped"):
        jobs.sagemaker.stop_transform_job(TransformJobName="stop")


def test_a_name_is_unique_for_ever(jobs: Jobs) -> None:
    jobs.end(jobs.create("once"))
    error = _refusal(jobs, name="once")
    assert error["Code"] == "ResourceInUse"
    assert error["Message"].endswith(f"already exists ({ARN}/once)")


def test_a_model_that_is_not_there_is_named(jobs: Jobs) -> None:
    error = _refusal(jobs, ModelName="nobody")
    assert error["Code"] == "ValidationException"
    model = "arn:aws:sagemaker:us-east-1:123456789012:model/nobody"
    assert error["Message"] == f'Could not find model "{model}".'


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"name": "under_score"}, "'transformJobName' failed to satisfy constraint: Member must "),
        ({"MaxConcurrentTransforms": -1}, "greater than or equal to 0"),
        ({"ModelName": None}, "Value null at 'modelName'"),
        ({"BatchStrategy": "Some"}, "enum value set: [MultiRecord, SingleRecord]"),
        ({"Environment": {"1": "x"}}, "regular expression pattern: [a-zA-Z_]"),
        ({"Environment": {f"k{i}": "" for i in range(17)}}, "length less than or equal to 16"),
        (
            {"TransformResources": {"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 1}},
            "'transformResources.instanceType' failed",
        ),
        ({"ModelClientConfig": {"InvocationsMaxRetries": 4}}, "value less than or equal to 3"),
    ],
)
def test_what_breaks_the_service_model_is_refused_by_name(
    jobs: Jobs, changes: Json, constraint: str
) -> None:
    error = _refusal(jobs, **changes)
    assert error["Code"] == "ValidationException"
    assert constraint in error["Message"]


@pytest.mark.parametrize("data_type", ["AugmentedManifestFile", "Converse"])
def test_a_data_type_of_other_jobs_is_refused(jobs: Jobs, data_type: str) -> None:
    source = {"S3DataType": data_type, "S3Uri": "s3://stand-in/in/"}
    error = _refusal(jobs, TransformInput={"DataSource": {"S3DataSource": source}})
    assert "Use one of S3Prefix, ManifestFile." in error["Message"]


@pytest.mark.parametrize(
    ("concurrency", "payload"), [(17, None), (2, 51), (None, 101), (0, 101), (101, 1)]
)
def test_concurrent_payloads_over_100_mb_are_refused(
    jobs: Jobs, concurrency: int | None, payload: int | None
) -> None:
    values = {"MaxConcurrentTransforms": concurrency, "MaxPayloadInMB": payload}
    error = _refusal(jobs, **{name: value for name, value in values.items() if value is not None})
    assert "100 MB" in error["Message"]


def test_a_volume_key_is_refused_where_disks_are_local(jobs: Jobs) -> None:
    resources = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeKmsKeyId": "key"}
    assert "VolumeKmsKeyId" in _refusal(jobs, TransformResources=resources)["Message"]


def test_an_empty_prefix_is_refused_when_the_job_is_created(jobs: Jobs) -> None:
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://stand-in/nothing/"}
    error = _refusal(jobs, TransformInput={"DataSource": {"S3DataSource": source}})
    assert error["Message"].startswith(
        'No S3 objects found under S3 URL "s3://stand-in/nothing/" given in input data source.'
    )


def test_a_role_that_sagemaker_cannot_assume_is_refused(jobs: Jobs) -> None:
    jobs.sagemaker.create_model(
        ModelName="no-role", ExecutionRoleArn="arn:aws:iam::123456789012:role/gone"
    )
    assert "Could not assume role" in _refusal(jobs, ModelName="no-role")["Message"]


def test_instances_beyond_the_quota_are_refused_until_a_job_ends(jobs: Jobs) -> None:
    scarce = {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1}
    jobs.create("first", TransformResources=scarce, Environment={"SECONDS": "60"})
    error = _refusal(jobs, TransformResources=scarce)
    assert error["Code"] == "ResourceLimitExceeded"
    assert error["Message"].startswith(
        "The account-level service limit 'ml.g4dn.xlarge for transform job usage' is 1 Instances, "
        "with current utilization of 1 Instances and a request delta of 1 Instances."
    )
    jobs.sagemaker.stop_transform_job(TransformJobName="first")
    jobs.end("first")
    jobs.end(jobs.create("second", TransformResources=scarce))


def test_all_that_was_asked_is_shown_back(jobs: Jobs) -> None:
    asked: Json = {
        "MaxConcurrentTransforms": 4,
        "MaxPayloadInMB": 6,
        "BatchStrategy": "SingleRecord",
        "Environment": {"A": "1"},
        "ModelClientConfig": {"InvocationsTimeoutInSeconds": 60, "InvocationsMaxRetries": 1},
        "DataCaptureConfig": {"DestinationS3Uri": "s3://stand-in/capture", "KmsKeyId": "k"},
        "ExperimentConfig": {"TrialComponentDisplayName": "one"},
        "DataProcessing": {"JoinSource": "Input"},
        "Tags": [{"Key": "team", "Value": "vision"}],
        "TransformResources": {
            "InstanceType": "ml.g5.xlarge",
            "InstanceCount": 2,
            "TransformAmiVersion": "al2-ami-sagemaker-batch-gpu-535",
        },
    }
    shown = jobs.end(jobs.create("all", **asked))
    arn = shown["TransformJobArn"]
    assert jobs.sagemaker.list_tags(ResourceArn=arn)["Tags"] == asked.pop("Tags")
    defaults = {"InputFilter": "$", "OutputFilter": "$"}
    assert dict(shown["DataProcessing"]) == defaults | asked.pop("DataProcessing")
    assert {name: shown.get(name) for name in asked} == asked
    assert shown["TransformInput"]["SplitType"] == "None"
    assert shown["TransformOutput"]["AssembleWith"] == "None"


def test_jobs_are_listed_in_pages_the_newest_first(jobs: Jobs) -> None:
    for number in range(3):
        jobs.end(jobs.create(f"listed-{number}"))
    first = jobs.sagemaker.list_transform_jobs(NameContains="listed", MaxResults=2)
    rest = jobs.sagemaker.list_transform_jobs(
        NameContains="listed", MaxResults=2, NextToken=first["NextToken"]
    )
    pages = first["TransformJobSummaries"], rest["TransformJobSummaries"]
    names = [[job["TransformJobName"] for job in page] for page in pages]
    assert names == [["listed-2", "listed-1"], ["listed-0"]]
    failed = jobs.sagemaker.list_transform_jobs(NameContains="listed", StatusEquals="Failed")
    assert not failed["TransformJobSummaries"]


def test_an_unknown_job_is_an_error(jobs: Jobs) -> None:
    with pytest.raises(ClientError, match="Could not find requested job with name: nobody"):
        jobs.sagemaker.describe_transform_job(TransformJobName="nobody")


def test_the_sdk_waiter_sees_the_end(jobs: Jobs) -> None:
    jobs.create("waited")
    waiter = jobs.sagemaker.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName="waited", WaiterConfig={"Delay": 1, "MaxAttempts": 20})


def test_every_change_of_status_is_an_event(jobs: Jobs) -> None:
    events, sqs = jobs.client("events"), jobs.client("sqs")
    queue = sqs.create_queue(QueueName="changes")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    pattern = '{"source":["aws.sagemaker"],"detail-type":["SageMaker Transform Job State Change"]}'
    events.put_rule(Name="changes", EventPattern=pattern)
    target = {"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}
    events.put_targets(Rule="changes", Targets=[target])
    jobs.end(jobs.create("told"))
    awaited, deadline = ["InProgress", "Completed"], time.monotonic() + 20
    while awaited and time.monotonic() < deadline:  # an event comes after the change it tells of
        for message in sqs.receive_message(QueueUrl=queue).get("Messages", []):
            job = json.loads(message["Body"])["detail"]
            if job["TransformJobName"] == "told":
                assert job["TransformJobStatus"] == awaited.pop(0)
    assert not awaited


def test_a_process_that_cannot_start_fails_its_job(tmp_path: Path) -> None:
    command = (str(tmp_path / "missing"),)
    with Sandbox.start(state_dir=tmp_path / "state", transform_command=command) as sandbox:
        jobs = Jobs(sandbox, boto3.Session("k", "s", region_name=sandbox.region))
        jobs.prepare()
        assert jobs.end(jobs.create("never"))["TransformJobStatus"] == "Failed"


def test_jobs_beyond_the_slots_wait_and_can_be_stopped_while_they_do(tmp_path: Path) -> None:
    with _one_at_a_time(tmp_path) as sandbox:
        jobs = Jobs(sandbox, boto3.Session("k", "s", region_name=sandbox.region))
        jobs.prepare()
        jobs.create("first", Environment={"SECONDS": "3"})
        jobs.create("second")
        jobs.create("third")
        jobs.sagemaker.stop_transform_job(TransformJobName="second")
        second = jobs.end("second")
        assert second["TransformJobStatus"] == "Stopped"
        assert "TransformStartTime" not in second
        first, third = jobs.end("first"), jobs.end("third")
        assert second["TransformEndTime"] < first["TransformEndTime"]
        assert third["TransformStartTime"] >= first["TransformEndTime"]


def _one_at_a_time(state_dir: Path) -> Sandbox:
    return Sandbox.start(
        state_dir=state_dir, transform_command=STAND_IN, concurrent_transform_jobs=1
    )


def test_an_ended_job_leaves_no_open_file_in_the_server(jobs: Jobs) -> None:
    server = psutil.Process(jobs.sandbox.process.pid)

    def run(name: str) -> int:
        jobs.create(name)
        jobs.end(name)
        files: int = server.num_fds()
        return files

    before = run("before")
    assert [run(f"after-{number}") for number in range(6)][-1] < before + 6


def test_a_job_has_no_longest_run_time() -> None:
    request = get_service_model("sagemaker").operation_model("CreateTransformJob")
    members: Json = vars(request.input_shape)["_shape_model"]["members"]
    assert not [name for name in members if "Stopping" in name]


def test_what_a_model_may_not_its_jobs_can_not(jobs: Jobs) -> None:
    iam = jobs.client("iam")
    service = {"Service": "sagemaker.amazonaws.com"}
    artifact = allow("s3:GetObject", on="arn:aws:s3:::stand-in/model.tar.gz")
    role = make_role(iam, "narrow", service)
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.20.0-gpu"
    model: Json = {
        "ModelName": "narrow",
        "ExecutionRoleArn": role,
        "PrimaryContainer": {"Image": image, "ModelDataUrl": "s3://stand-in/model.tar.gz"},
    }
    with pytest.raises(ClientError, match="Could not access model data at s3://stand-in/model"):
        jobs.sagemaker.create_model(**model)
    make_role(iam, "narrow", service, artifact)
    jobs.sagemaker.create_model(**model)
    refused = _refusal(jobs, ModelName="narrow")
    assert 'has "s3:ListBucket" permissions on bucket "stand-in"' in refused["Message"]
    assert "assumed-role/narrow/SageMaker is not authorized to perform" in refused["Message"]
    make_role(iam, "narrow", service, artifact, allow("s3:ListBucket", on="*"))
    reason = jobs.end(jobs.create("narrow", ModelName="narrow"))["FailureReason"]
    assert reason.startswith(f"ClientError: The role '{role}' does not have BatchCheckLayer")
