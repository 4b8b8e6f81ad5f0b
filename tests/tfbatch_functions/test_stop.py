"""The function that stops an execution's jobs, against the sandbox's SageMaker."""

from __future__ import annotations

import pytest

from tfbatch_cdk.workflow.fields import job_prefix
from tfbatch_cdk.workflow.shard_expressions import JOB_NAME
from tfbatch_functions.handlers import stop
from tfbatch_sandbox.services.stepfunctions.jsonata_evaluator import evaluate

MACHINE = "arn:aws:states:us-east-1:123456789012:execution:Workflow"


@pytest.mark.parametrize(
    "execution",
    ["nightly", "a.b_c--d", "x" * 80, "Ä-ö_1", "___", "9f1c2d34-1111-2222-3333-444455556666"],
)
def test_it_knows_the_jobs_names_as_the_workflow_makes_them(execution: str) -> None:
    arn = f"{MACHINE}:{execution}"
    run = {"execution": execution, "arn": arn}
    task = {"run": run, "shard": {"shard": "00042"}}
    name = evaluate(JOB_NAME, {"task": task, "attempt": 122})
    assert name == f"{stop.job_prefix(arn)}00042-123"
    assert job_prefix(arn) == stop.job_prefix(arn)
    assert len(name) <= 63


def test_runs_of_one_name_in_two_stages_have_jobs_of_two_names() -> None:
    assert stop.job_prefix(f"{MACHINE}:night") != stop.job_prefix(f"{MACHINE}2:night")


class Jobs:
    """SageMaker with some jobs in progress, and one that is made while they are being stopped."""

    def __init__(self, *names: str) -> None:
        self.running = list(names)
        self.late: list[str] = []
        self.stopped: list[str] = []

    def get_paginator(self, _operation: str) -> Jobs:
        return self

    def paginate(self, *, NameContains: str, StatusEquals: str) -> list[dict[str, object]]:  # noqa: N803 # the API's names
        assert StatusEquals == "InProgress"
        found = [{"TransformJobName": name} for name in self.running if NameContains in name]
        return [{"TransformJobSummaries": found}]

    def stop_transform_job(self, *, TransformJobName: str) -> None:  # noqa: N803
        self.running.remove(TransformJobName)
        self.stopped.append(TransformJobName)

    def time_passes(self) -> None:
        self.running += self.late
        self.late = []


def test_a_job_that_is_made_while_it_stops_the_others_is_stopped_too() -> None:
    arn = f"{MACHINE}:night"
    prefix = stop.job_prefix(arn)
    jobs = Jobs(f"{prefix}00000-1", f"{prefix}00001-1", "tfbatch-night-00000000-00000-1")
    jobs.late = [f"{prefix}00002-1"]
    told = stop.stop(
        {"execution": arn},
        jobs,  # type: ignore[arg-type] # what is used of it
        lambda: True,
        pause=jobs.time_passes,
    )
    assert told == {"stopped": [f"{prefix}0000{number}-1" for number in range(3)]}
    assert jobs.running == ["tfbatch-night-00000000-00000-1"]
