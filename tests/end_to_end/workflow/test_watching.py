"""Jobs that the workflow makes by the API and watches, and those that Step Functions waits for."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.executions import failing, photo, photos, request_for, running_job, summary_of
from tfbatch.records import example, tfrecord
from tfbatch_cdk.model.ami import AMI_FOR_CUDA_12
from tfbatch_cdk.workflow import fields
from tfbatch_cdk.workflow.job_states import polling
from tfbatch_cdk.workflow.shard_states import shard_states

if TYPE_CHECKING:
    from pathlib import Path

    from tests.deployment import Deployment

_DENIED = failing("sagemaker:DescribeTransformJob", "AccessDeniedException", status=400)
_ROWS = b'[1.0, 2.0, 3.0]\n{"x": [4.0, 5.0, 6.0]}\n{"x": "no numbers"}\n'


def test_a_job_carries_what_the_optimized_integration_does_not_document(
    deployment: Deployment,
) -> None:
    uri = deployment.upload("joined", {"rows.jsonl": _ROWS})
    ended = deployment.execute({"input": uri, "format": "joined", "model": "vector"})
    assert summary_of(ended)["recordErrors"] == 1
    (job,) = deployment.jobs(ended["executionArn"])
    output = deployment.outputs["OutputBucketName"]
    assert job["TransformResources"]["TransformAmiVersion"] == AMI_FOR_CUDA_12
    assert job["ModelClientConfig"] == {
        "InvocationsTimeoutInSeconds": 120,
        "InvocationsMaxRetries": 1,
    }
    assert job["DataCaptureConfig"]["DestinationS3Uri"] == f"s3://{output}/captures/"
    assert job["ExperimentConfig"] == {"ExperimentName": "nightly", "TrialName": "first"}
    assert job["DataProcessing"]["JoinSource"] == "Input"
    report = json.loads(ended["output"])
    first, second, bad = deployment.read(report["output"])["rows.jsonl.out"].splitlines()
    assert json.loads(first)["SageMakerInput"] == [1.0, 2.0, 3.0]
    assert "SageMakerOutput" in json.loads(second)
    assert json.loads(bad)["SageMakerOutput"]["error"]
    assert any(name.startswith("input/") for name in deployment.read(f"s3://{output}/captures/"))


def test_a_job_of_documented_parameters_is_waited_for_by_step_functions(plain: Deployment) -> None:
    ended = plain.execute(request_for(plain.upload("plain", photos(3))))
    assert summary_of(ended)["outputs"] == 3
    (job,) = plain.jobs(ended["executionArn"])
    assert "TransformAmiVersion" not in job["TransformResources"]
    tags = plain.client("sagemaker").list_tags(ResourceArn=job["TransformJobArn"])["Tags"]
    assert {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"} in tags


def test_stopping_an_execution_that_waits_stops_its_job(plain: Deployment) -> None:
    arn = plain.start(request_for(plain.upload("stopped", photos(50))))
    name = running_job(plain, arn)["TransformJobName"]
    plain.client("stepfunctions").stop_execution(executionArn=arn)
    assert plain.wait(arn)["status"] == "ABORTED"
    assert _status_at_the_end(plain, name) == "Stopped"


def test_a_description_that_is_denied_in_passing_costs_nothing(deployment: Deployment) -> None:
    deployment.sandbox.faults(requests=[_DENIED])
    ended = deployment.execute(request_for(deployment.upload("glimpsed", photos(2))))
    assert summary_of(ended)["jobs"] == 1


def test_a_job_that_cannot_be_seen_is_stopped_and_the_run_says_so(
    deployment: Deployment, tmp_path: Path
) -> None:
    example_ = example.encode({"image/encoded": photo(1)})
    tfrecord.write(tmp_path / "slow.tfrecord", [example_] * 3000)
    body = (tmp_path / "slow.tfrecord").read_bytes()
    uri = deployment.upload("unseen", {"slow.tfrecord": body})
    arn = deployment.start({"input": uri, "format": "tfrecord"})
    name = running_job(deployment, arn)["TransformJobName"]
    deployment.sandbox.faults(requests=[_DENIED | {"times": 1000}])
    ended = deployment.wait(arn)
    deployment.sandbox.faults(requests=[])
    assert (ended["status"], ended["error"]) == ("FAILED", fields.TRANSFORM_JOB_FAILED)
    assert f"transform job {name}: It can not be described" in ended["cause"]
    assert "Not authorized: sagemaker:DescribeTransformJob" in ended["cause"]
    assert _status_at_the_end(deployment, name) == "Stopped"


def test_a_job_that_runs_too_long_is_stopped_and_what_it_did_counts(
    deployment: Deployment,
) -> None:
    """The deployed states with a limit of a second, which no stage may have."""
    machine = _shard_machine(deployment, max_hours=1 / 3600)
    uri = deployment.upload("late", photos(100))
    task = _task(deployment, uri)
    sfn = deployment.client("stepfunctions")
    arn = sfn.start_execution(stateMachineArn=machine, input=json.dumps(task))["executionArn"]
    ended = deployment.wait(arn)
    assert ended["status"] == "SUCCEEDED", ended
    result = json.loads(deployment.read(f"{task['run']['work']}results/")["00000.json"])
    assert {job["status"] for job in result["jobs"]} == {"Stopped"}
    assert "it ran too long" in result["jobs"][0]["reason"]
    assert result["outputs"] + result["exceptions"] == 100


def _status_at_the_end(deployment: Deployment, name: str) -> str:
    sagemaker, status = deployment.client("sagemaker"), "InProgress"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and status in ("InProgress", "Stopping"):
        status = sagemaker.describe_transform_job(TransformJobName=name)["TransformJobStatus"]
        time.sleep(0.2)
    return status


def _shard_machine(deployment: Deployment, *, max_hours: float) -> str:
    sfn, integration = deployment.client("stepfunctions"), "arn:aws:states:::"
    deployed = sfn.describe_state_machine(stateMachineArn=deployment.outputs["StateMachineArn"])
    shards = json.loads(deployed["definition"])["States"]["Transform the shards"]["ItemProcessor"]
    reconcile = shards["States"]["Reconcile"]["Arguments"]["FunctionName"]
    job = polling(integration, max_hours, patience_minutes=1)
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": shards["StartAt"],
        "States": shard_states(integration, reconcile, job),
    }
    made = sfn.create_state_machine(
        name=f"shard-{uuid.uuid4().hex[:8]}",
        definition=json.dumps(definition),
        roleArn=deployed["roleArn"],
    )
    arn: str = made["stateMachineArn"]
    return arn


def _task(deployment: Deployment, uri: str) -> dict[str, Any]:
    """What the Map state would hand to the only shard of a run over ``uri``, with one round."""
    dry = deployment.execute(request_for(uri, dry_run=True))
    plan = json.loads(dry["output"])["plan"]
    sfn = deployment.client("stepfunctions")
    deployed = sfn.describe_state_machine(stateMachineArn=deployment.outputs["StateMachineArn"])
    stage = json.loads(deployed["definition"])["States"]["Read the stage"]["Assign"]["stage"]
    work = f"s3://{stage['workBucket']}/executions/{dry['name']}/"
    (shard,) = json.loads(deployment.read(work)["shards.json"])[:1]
    manifest = json.loads(deployment.read(f"{work}shards/")["00000.manifest"])
    assert len(manifest) - 1 == shard["objects"]
    return {
        "shard": shard,
        "run": {
            "execution": dry["name"],
            "arn": dry["executionArn"],
            "jobs": fields.job_prefix("dev", dry["executionArn"]),
            "input": uri,
            "output": f"s3://{stage['outputBucket']}/{dry['name']}/",
            "work": work,
            "format": "jpeg",
            "splitType": "None",
            "started": "2020-01-01T00:00:00Z",
        },
        "plan": plan,
        "modelName": stage["models"]["tiny"],
        "format": stage["formats"]["jpeg"],
        "instanceTypes": stage["instanceTypes"],
        "environments": stage["environments"]["tiny"],
        "resources": stage["resources"],
        "tags": stage["tags"],
        "rounds": 1,
        "capacityTries": 1,
        "capacityWaitSeconds": 0,
    }


_EVENTS = {"Pass": 2, "Choice": 2, "Wait": 2, "Succeed": 2, "Task": 5}
"""Of a state's visit in the history: entered and left, and three of a task between."""


def test_events_of_a_shard_are_those_of_the_states_it_passes(deployment: Deployment) -> None:
    """docs/scale.md's formula: 22 events a round, and 9 each time that the job is looked at."""
    machine = _shard_machine(deployment, max_hours=1)
    task = _task(deployment, deployment.upload("counted", photos(2)))
    sfn = deployment.client("stepfunctions")
    arn = sfn.start_execution(stateMachineArn=machine, input=json.dumps(task))["executionArn"]
    assert deployment.wait(arn)["status"] == "SUCCEEDED"
    events = sfn.get_execution_history(executionArn=arn)["events"]
    entered = [one for one in events if "stateEnteredEventDetails" in one]
    visits = Counter(one["type"].removesuffix("StateEntered") for one in entered)
    assert len(events) == 2 + sum(_EVENTS[kind] * count for kind, count in visits.items())
    assert len(events) == 22 + 9 * visits["Wait"]


def test_the_parents_history_does_not_grow_with_the_shards(deployment: Deployment) -> None:
    lengths = []
    for count in (1, 101):
        ended = deployment.execute(request_for(deployment.upload(f"of-{count}", photos(count))))
        assert summary_of(ended)["outputs"] == count
        history = deployment.client("stepfunctions").get_execution_history(
            executionArn=ended["executionArn"]
        )
        lengths.append(len(history["events"]))
    assert lengths[0] == lengths[1] < 100
