"""How a shard's states classify failures, and how long they wait."""

from __future__ import annotations

import json

import pytest

from tfbatch_cdk.workflow.shard_expressions import (
    BACK_OFF,
    CAPACITY_WAIT,
    FAILURE_OF_ERROR,
    IS_CONTAINER_BROKEN,
    ROUNDS,
)
from tfbatch_sandbox.services.stepfunctions.jsonata_evaluator import evaluate

pytestmark = pytest.mark.aws

IN_USE = "Job name must be unique within an AWS account and region"
TASK = {
    "instanceTypes": ["ml.g5.xlarge"],
    "plan": {"instances": 1},
    "shard": {"objects": 1},
    "capacityWaitSeconds": 600,
}


def _kind(error: str, cause: str) -> str:
    states = {"errorOutput": {"Error": error, "Cause": cause}, "context": {"State": {}}}
    values = {"states": states, "task": TASK, "type": 0, "jobName": "tfbatch-dev-a-0-1"}
    return str(evaluate(FAILURE_OF_ERROR, values)["kind"])


@pytest.mark.parametrize(
    ("error", "cause", "kind"),
    [
        # The causes have the forms that Step Functions gives them.
        (
            "SageMaker.SageMakerException",
            "Rate exceeded (Service: SageMaker, Status Code: 400, Request ID: 1)",
            "throttled",
        ),
        (
            "SageMaker.SageMakerException",
            "null (Service: SageMaker, Status Code: 503, Request ID: 1)",
            "internal",
        ),
        (
            "SageMaker.ResourceLimitExceededException",
            "The account-level service limit is 0 (Service: SageMaker, Status Code: 400)",
            "capacity",
        ),
        (
            "SageMaker.SageMakerException",
            "User is not authorized (Service: SageMaker, Status Code: 403, Request ID: 1)",
            "refused",
        ),
        (
            "SageMaker.AmazonSageMakerException",
            f"{IN_USE} (Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceInUse; R)",
            "partial",
        ),
    ],
)
def test_a_failure_is_classified_by_what_step_functions_says(
    error: str, cause: str, kind: str
) -> None:
    assert _kind(error, cause) == kind


PING = "AlgorithmError: Model container failed to respond to ping. Please ensure /ping endpoint is"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (PING, "broken"),
        ("ClientError: Failed to download model data from s3://b/model.tar.gz", "broken"),
        ("AlgorithmError: See job logs for more information", "partial"),
        ("words that AWS has never said", "partial"),
    ],
)
def test_only_what_could_never_work_gives_a_shard_up(reason: str, kind: str) -> None:
    job = {"TransformJobStatus": "Failed", "FailureReason": reason}
    assert _kind("States.TaskFailed", json.dumps(job)) == kind


@pytest.mark.parametrize(
    ("reason", "outputs", "served", "rounds", "is_broken"),
    [
        ("AlgorithmError: See job logs", 0, True, 2, False),
        ("AlgorithmError: See job logs", 0, None, 2, False),
        ("AlgorithmError: See job logs", 0, False, 2, True),
        ("AlgorithmError: See job logs", 1, True, 3, False),
        ("ClientError: See job logs", 0, True, 3, False),
    ],
)
def test_a_container_that_died_before_its_first_output_is_tried_once_more(
    reason: str, outputs: int, *, served: bool | None, rounds: int, is_broken: bool
) -> None:
    job = {"status": "Failed", "reason": reason}
    values = {"round": 1, "rounds": 3, "outputs": outputs, "served": served, "job": job}
    assert evaluate(IS_CONTAINER_BROKEN, values) is is_broken
    assert evaluate(ROUNDS, values) == rounds


def test_shards_that_were_throttled_together_come_back_one_by_one() -> None:
    waits = [evaluate(BACK_OFF, {"throttled": 6}) for _ in range(200)]
    assert len(set(waits)) > 10
    assert 33 <= min(waits) <= max(waits) <= 64


def test_a_job_is_asked_for_over_two_minutes_of_throttling() -> None:
    waits = [evaluate(BACK_OFF, {"throttled": number}) for number in range(8)]
    assert sum(waits) > 120


def test_shards_without_capacity_come_back_one_by_one() -> None:
    waits = [evaluate(CAPACITY_WAIT, {"task": TASK}) for _ in range(200)]
    assert len(set(waits)) > 10
    assert 450 <= min(waits) <= max(waits) <= 750
