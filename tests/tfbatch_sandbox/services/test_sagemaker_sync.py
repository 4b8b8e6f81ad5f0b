"""``sagemaker:createTransformJob.sync``, through state machines that run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.tfbatch_sandbox.services.conftest import Workflows

if TYPE_CHECKING:
    from tests.tfbatch_sandbox.services.conftest import Jobs
    from tfbatch_sandbox.services.json_type import Json


@pytest.fixture(scope="module")
def transforms(jobs: Jobs) -> Workflows:
    return Workflows(jobs.client("stepfunctions"))


def _task(jobs: Jobs, name: str, *, sync: bool = True, **changes: Json) -> Json:
    return {
        "Transform": {
            "Type": "Task",
            "Resource": f"arn:aws:states:::sagemaker:createTransformJob{'.sync' if sync else ''}",
            "Arguments": jobs.request(name, **changes),
            "End": True,
        }
    }


def test_the_state_ends_with_the_job_and_hands_on_its_description(
    jobs: Jobs, transforms: Workflows
) -> None:
    output = transforms.output(_task(jobs, "sync-good", Environment={"SECONDS": "1"}))
    job = jobs.sagemaker.describe_transform_job(TransformJobName="sync-good")
    assert output["TransformJobStatus"] == "Completed"
    assert output["TransformJobArn"] == job["TransformJobArn"]
    assert output["TransformEndTime"] == int(job["TransformEndTime"].timestamp() * 1000)


def test_without_sync_the_state_goes_on_at_once(jobs: Jobs, transforms: Workflows) -> None:
    states = _task(jobs, "sync-not", sync=False, Environment={"SECONDS": "60"})
    assert list(transforms.output(states)) == ["TransformJobArn"]
    assert jobs.until("sync-not", {"InProgress"})
    jobs.sagemaker.stop_transform_job(TransformJobName="sync-not")


def test_a_failed_job_is_a_failed_task_with_its_description_as_cause(
    jobs: Jobs, transforms: Workflows
) -> None:
    ended = transforms.run(_task(jobs, "sync-bad", Environment={"FAIL": "CapacityError: none"}))
    assert ended["error"] == "States.TaskFailed"
    cause = json.loads(ended["cause"])
    assert cause["TransformJobStatus"] == "Failed"
    assert cause["FailureReason"] == "CapacityError: none"


def test_a_refused_job_is_named_as_step_functions_names_it(
    jobs: Jobs, transforms: Workflows
) -> None:
    jobs.create("sync-twice")
    ended = transforms.run(_task(jobs, "sync-twice"))
    assert ended["error"] == "SageMaker.AmazonSageMakerException"
    assert ended["cause"].startswith("Job name must be unique within an AWS account and region")
    assert (
        "(Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceInUse; " in ended["cause"]
    )


def test_both_kinds_of_failure_can_be_caught(jobs: Jobs, transforms: Workflows) -> None:
    jobs.create("sync-caught")
    states = _task(jobs, "sync-caught")
    states["Transform"]["Catch"] = [
        {
            "ErrorEquals": ["SageMaker.AmazonSageMakerException"],
            "Output": "{% $states.errorOutput.Error %}",
            "Next": "Caught",
        }
    ]
    states["Caught"] = {"Type": "Succeed"}
    assert transforms.output(states) == "SageMaker.AmazonSageMakerException"


def test_the_job_carries_the_tag_of_step_functions(jobs: Jobs, transforms: Workflows) -> None:
    tags = [{"Key": "team", "Value": "vision"}]
    output = transforms.output(_task(jobs, "sync-tagged", Tags=tags))
    found = jobs.sagemaker.list_tags(ResourceArn=output["TransformJobArn"])["Tags"]
    assert found == [*tags, {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}]


def test_stopping_the_execution_stops_the_job(jobs: Jobs, transforms: Workflows) -> None:
    execution = transforms.start(_task(jobs, "sync-stopped", Environment={"SECONDS": "60"}))
    _wait_for_job(jobs, "sync-stopped")
    transforms.client.stop_execution(executionArn=execution, error="Enough", cause="by hand")
    ended = transforms.end(execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Enough", "by hand")
    assert jobs.end("sync-stopped")["TransformJobStatus"] == "Stopped"


def test_stopping_the_execution_stops_the_job_of_each_item_of_a_map(
    jobs: Jobs, transforms: Workflows
) -> None:
    names = ["sync-item-1", "sync-item-2", "sync-item-3"]
    task = _task(jobs, "{% $states.input %}", Environment={"SECONDS": "60"})
    shards = {
        "Type": "Map",
        "Items": names,
        "ItemProcessor": {"StartAt": "Transform", "States": task},
        "End": True,
    }
    execution = transforms.start({"Shards": shards})
    for name in names:
        _wait_for_job(jobs, name)
    transforms.client.stop_execution(executionArn=execution)
    assert {jobs.end(name)["TransformJobStatus"] for name in names} == {"Stopped"}


def test_a_task_that_times_out_stops_its_job(jobs: Jobs, transforms: Workflows) -> None:
    states = _task(jobs, "sync-late", Environment={"SECONDS": "60"})
    states["Transform"]["TimeoutSeconds"] = 2
    assert transforms.run(states)["error"] == "States.Timeout"
    assert jobs.end("sync-late")["TransformJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("resource", "more"),
    [
        ("sagemaker:createTransformJob.sync", {"DataProcessing": {"JoinSource": "Input"}}),
        ("sagemaker:createTransformJob.sync", {"ModelClientConfig": {}}),
        ("sagemaker:createTransformJob.waitForTaskToken", {}),
        ("sagemaker:createTransformer.sync", {}),
    ],
)
def test_what_the_integration_does_not_take_is_refused_with_the_definition(
    jobs: Jobs, transforms: Workflows, resource: str, more: Json
) -> None:
    states = _task(jobs, "sync-refused", **more)
    states["Transform"]["Resource"] = f"arn:aws:states:::{resource}"
    with pytest.raises(ClientError) as refused:
        transforms.create(states)
    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"


def _wait_for_job(jobs: Jobs, name: str) -> None:
    while not jobs.sagemaker.list_transform_jobs(NameContains=name)["TransformJobSummaries"]:
        pass
