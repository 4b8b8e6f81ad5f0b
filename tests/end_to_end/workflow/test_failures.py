"""What goes wrong on AWS, rehearsed: exact accounts in every case, and a cause that helps."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tests.executions import (
    exceptions_of,
    failing,
    photo,
    photos,
    request_for,
    running_job,
    summary_of,
)
from tests.faults import processes
from tests.stages import TYPES
from tfbatch.records import example, tfrecord
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deployment import Deployment

BAD = b"this is no image"


def test_three_bad_photos_among_two_hundred_in_two_shards(deployment: Deployment) -> None:
    objects = photos(200) | {f"{number:05d}.jpg": BAD for number in (7, 99, 150)}
    ended = deployment.execute(request_for(deployment.upload("two-hundred", objects)))
    summary = summary_of(ended)
    assert (summary["inputs"], summary["outputs"], summary["recordErrors"]) == (200, 200, 3)
    keys = {one["key"].rpartition("/")[2] for one in exceptions_of(deployment, ended)}
    assert keys == {"00007.jpg", "00099.jpg", "00150.jpg"}
    assert json.loads(ended["output"])["plan"]["shards"] == 2


def test_five_bad_records_of_a_thousand(deployment: Deployment, tmp_path: Path) -> None:
    bad = {3, 250, 251, 700, 999}
    records = (
        example.encode({"image/encoded": BAD if number in bad else photo(number)})
        for number in range(1000)
    )
    tfrecord.write(tmp_path / "all.tfrecord", records)
    uri = deployment.upload("thousand", {"all.tfrecord": (tmp_path / "all.tfrecord").read_bytes()})
    ended = deployment.execute(request_for(uri, format="tfrecord"))
    summary = summary_of(ended)
    assert (summary["records"], summary["recordErrors"]) == (1000, 5)
    assert {one["record"] for one in exceptions_of(deployment, ended)} == bad


def test_an_empty_object_is_accounted_for(deployment: Deployment) -> None:
    objects = photos(2) | {"empty.jpg": b""}
    summary = summary_of(deployment.execute(request_for(deployment.upload("empty", objects))))
    assert summary["inputs"] == 3


def test_without_capacity_the_next_instance_type_is_taken(deployment: Deployment) -> None:
    deployment.sandbox.faults(no_capacity=[f"ml.{name}" for name in TYPES[:2]])
    ended = deployment.execute(request_for(deployment.upload("capacity", photos(2))))
    assert summary_of(ended)["outputs"] == 2
    jobs = deployment.jobs(ended["executionArn"])
    assert [job["TransformResources"]["InstanceType"] for job in jobs] == [
        f"ml.{name}" for name in TYPES
    ]
    assert [job["TransformJobStatus"] for job in jobs] == ["Failed", "Failed", "Completed"]


def test_no_capacity_and_no_quota_anywhere_says_what_was_tried(deployment: Deployment) -> None:
    deployment.sandbox.faults(no_capacity=[f"ml.{name}" for name in TYPES[:2]])
    uri = deployment.upload("quota", photos(2))
    ended = deployment.execute(request_for(uri, instances=2))  # the last type's quota is one
    assert (ended["status"], ended["error"]) == ("FAILED", fields.NO_CAPACITY)
    assert "All of ml.g5.xlarge, ml.g6.xlarge, ml.g4dn.xlarge were tried 2 times" in ended["cause"]
    assert "Compute.instance_types" in ended["cause"]


def test_throttling_is_waited_out(deployment: Deployment) -> None:
    throttled = failing("sagemaker:CreateTransformJob", "ThrottlingException", status=400)
    deployment.sandbox.faults(requests=[throttled | {"times": 5}])  # the SDK's attempts of one call
    ended = deployment.execute(request_for(deployment.upload("throttled", photos(2))))
    assert summary_of(ended)["outputs"] == 2


def test_an_internal_error_is_tried_again(deployment: Deployment) -> None:
    deployment.sandbox.faults(internal_errors=1)
    ended = deployment.execute(request_for(deployment.upload("internal", photos(2))))
    assert summary_of(ended)["outputs"] == 2
    assert len(deployment.jobs(ended["executionArn"])) == 2


def test_a_model_that_cannot_be_loaded_ends_the_run_at_once(deployment: Deployment) -> None:
    uri = deployment.upload("broken", {"rows.jsonl": b"[1, 2, 3]\n"})
    ended = deployment.execute(request_for(uri, model="broken", format="joined"))
    assert (ended["status"], ended.get("error")) == ("FAILED", fields.TRANSFORM_JOB_FAILED)
    (job,) = deployment.jobs(ended["executionArn"])
    assert job["FailureReason"] in ended["cause"]
    assert f"--log-stream-name-prefix {job['TransformJobName']}/" in ended["cause"]


def test_of_several_failed_shards_the_run_names_the_first(deployment: Deployment) -> None:
    rows = {f"{number:03}.jsonl": b"[1, 2, 3]\n" for number in range(101)}
    uri = deployment.upload("both", rows)
    ended = deployment.execute(request_for(uri, model="broken", format="joined"))
    assert (ended["status"], ended.get("error")) == ("FAILED", fields.TRANSFORM_JOB_FAILED)
    assert ended["cause"].startswith("Shard 00000, transform job ")


def test_a_container_that_never_answers_ping_ends_the_run_and_names_its_log(
    deployment: Deployment,
) -> None:
    deployment.sandbox.faults(unanswered_pings=1)
    ended = deployment.execute(request_for(deployment.upload("deaf", photos(2))))
    assert (ended["status"], ended.get("error")) == ("FAILED", fields.TRANSFORM_JOB_FAILED)
    (job,) = deployment.jobs(ended["executionArn"])  # it was not tried again
    assert job["FailureReason"].startswith("AlgorithmError")
    streams = deployment.client("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/TransformJobs",
        logStreamNamePrefix=f"{job['TransformJobName']}/",
    )["logStreams"]
    assert any(one["logStreamName"].endswith("data-log") for one in streams)
    assert f"--log-stream-name-prefix {job['TransformJobName']}/" in ended["cause"]


def _kill_container(deployment: Deployment, arn: str, *, jobs: int) -> None:
    """Kill the container of an execution's last job when it serves, and has no output yet."""
    sandbox, deadline = deployment.sandbox, time.monotonic() + 60
    reads = {"action": "s3:GetObject", "about": "/killed", "how": "wait", "seconds": 3}
    sandbox.faults(requests=[reads | {"times": 1000}])
    while time.monotonic() < deadline:
        found = deployment.jobs(arn)
        if len(found) == jobs and "TransformStartTime" in found[-1]:
            break
        time.sleep(0.05)
    (container,) = processes.find(sandbox, "container")
    container.kill()
    sandbox.faults(requests=[])


def test_a_container_that_dies_at_work_is_tried_once_more(deployment: Deployment) -> None:
    arn = deployment.start(request_for(deployment.upload("killed-once", photos(4))))
    _kill_container(deployment, arn, jobs=1)
    summary = summary_of(deployment.wait(arn))
    assert (summary["outputs"], summary["jobs"]) == (4, 2)


def test_the_inputs_of_a_container_that_dies_at_work_again_are_exceptions(
    plain: Deployment,
) -> None:
    arn = plain.start(request_for(plain.upload("killed-twice", photos(4))))
    for jobs in (1, 2):
        _kill_container(plain, arn, jobs=jobs)
    ended = plain.wait(arn)
    assert (summary_of(ended)["exceptions"], summary_of(ended)["jobs"]) == (4, 2)
    reasons = {one["reason"] for one in exceptions_of(plain, ended)}
    (last,) = {job["TransformJobName"] for job in plain.jobs(arn)[1:]}
    assert reasons == {f"{last}: AlgorithmError: See job logs for more information"}


def test_stopping_the_execution_stops_its_job(deployment: Deployment) -> None:
    arn = deployment.start(request_for(deployment.upload("stopped", photos(50))))
    name = running_job(deployment, arn)["TransformJobName"]
    deployment.client("stepfunctions").stop_execution(executionArn=arn)
    assert deployment.wait(arn)["status"] == "ABORTED"
    deadline = time.monotonic() + 30
    sagemaker, status = deployment.client("sagemaker"), ""
    while time.monotonic() < deadline and status != "Stopped":
        status = sagemaker.describe_transform_job(TransformJobName=name)["TransformJobStatus"]
        time.sleep(0.2)
    assert status == "Stopped"


def test_objects_that_come_while_it_runs_are_not_part_of_it(deployment: Deployment) -> None:
    arn = deployment.start(request_for(deployment.upload("growing", photos(3))))
    running_job(deployment, arn)
    deployment.upload("growing", {"late.jpg": photo(9)})
    assert summary_of(deployment.wait(arn))["inputs"] == 3


def test_two_runs_at_once_over_one_folder(deployment: Deployment) -> None:
    uri = deployment.upload("shared", photos(5))
    arns = [deployment.start(request_for(uri)) for _ in range(2)]
    assert [summary_of(deployment.wait(arn))["outputs"] for arn in arns] == [5, 5]


def test_the_key_of_a_failed_or_stopped_run_is_free_again(deployment: Deployment) -> None:
    request = request_for(deployment.upload("freed", photos(2)), key="freed")
    deployment.sandbox.faults(unanswered_pings=1)
    assert deployment.execute(request)["error"] == fields.TRANSFORM_JOB_FAILED
    stopped = deployment.start(request)
    running_job(deployment, stopped)
    duplicate = deployment.execute(request)  # while it runs, its key is taken
    deployment.client("stepfunctions").stop_execution(executionArn=stopped)
    assert "is running: nothing was done" in json.loads(duplicate["output"])["text"]
    assert deployment.wait(stopped)["status"] == "ABORTED"
    assert summary_of(deployment.execute(request))["outputs"] == 2


def _executions(deployment: Deployment, count: int, *, before: set[str]) -> list[dict[str, Any]]:
    """So many executions that were not there before, at their ends."""
    sfn, machine = deployment.client("stepfunctions"), deployment.outputs["StateMachineArn"]
    deadline, started = time.monotonic() + 30, list[str]()
    while len(started) < count and time.monotonic() < deadline:
        found = sfn.list_executions(stateMachineArn=machine)["executions"]
        started = [one["executionArn"] for one in found if one["executionArn"] not in before]
        time.sleep(0.2)
    return [deployment.wait(arn) for arn in started]


def test_a_request_file_runs_at_each_upload_and_once_for_each(deployment: Deployment) -> None:
    body = json.dumps(request_for(deployment.upload("dropped", photos(2)))).encode()
    sfn, machine = deployment.client("stepfunctions"), deployment.outputs["StateMachineArn"]
    before = {
        one["executionArn"] for one in sfn.list_executions(stateMachineArn=machine)["executions"]
    }
    for number in (1, 2):
        deployment.upload("inbox", {"nightly.request.json": body})
        ended = _executions(deployment, number, before=before)
    assert [summary_of(one)["outputs"] for one in ended] == [2, 2]
    # S3 may send an event twice: the rule starts an execution with the same input.
    twice = deployment.execute(json.loads(ended[0]["input"]))
    assert json.loads(twice["output"])["duplicate"] is True
