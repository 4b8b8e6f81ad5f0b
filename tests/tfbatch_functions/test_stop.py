"""The function that stops an execution's jobs, against the sandbox's SageMaker."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tfbatch_cdk.workflow.expressions import RUN
from tfbatch_cdk.workflow.fields import job_prefix, jobs_of_stage
from tfbatch_cdk.workflow.shard_expressions import JOB_NAME
from tfbatch_functions.handlers import stop
from tfbatch_sandbox.services.stepfunctions.jsonata_evaluator import evaluate

STAGE = "tfbatch-dev-"
MACHINE = "arn:aws:states:us-east-1:123456789012:execution:Workflow"


@pytest.mark.parametrize(
    "execution",
    ["nightly", "a.b_c--d", "x" * 80, "Ä-ö_1", "___", "9f1c2d34-1111-2222-3333-444455556666"],
)
@pytest.mark.parametrize("stage", ["dev", "d", "a" * 20])
def test_it_knows_the_jobs_names_as_the_workflow_makes_them(execution: str, stage: str) -> None:
    arn, of_stage = f"{MACHINE}:{execution}", jobs_of_stage(stage)
    context = {"Execution": {"Name": execution, "Id": arn, "StartTime": ""}}
    fixed = {"jobs": of_stage, "workBucket": "work", "formats": {}}
    values = {"stage": fixed, "request": {}, "states": {"context": context}}
    task = {"run": evaluate(RUN, values), "shard": {"shard": "00042"}}
    name = evaluate(JOB_NAME, {"task": task, "attempt": 122_998})
    assert name == f"{stop.job_prefix(of_stage, arn)}00042-122999"
    assert job_prefix(stage, arn) == stop.job_prefix(of_stage, arn)
    assert len(name) <= 63
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)  # CreateTransformJob's pattern


def test_runs_of_one_name_in_two_machines_have_jobs_of_two_names() -> None:
    first, second = (job_prefix("dev", f"{machine}:night") for machine in (MACHINE, f"{MACHINE}2"))
    assert first != second


class Jobs:
    """SageMaker with some jobs in progress, and one that is made while they are being stopped."""

    def __init__(self, *names: str) -> None:
        self.running = list(names)
        self.late: list[str] = []
        self.created = datetime(2026, 11, 28, 12, tzinfo=UTC)
        self.stopped: list[str] = []

    def get_paginator(self, _operation: str) -> Jobs:
        return self

    def paginate(self, *, NameContains: str, StatusEquals: str) -> list[dict[str, object]]:  # noqa: N803 # the API's names
        assert StatusEquals == "InProgress"
        found = [
            {"TransformJobName": name, "CreationTime": self.created}
            for name in self.running
            if NameContains in name
        ]
        return [{"TransformJobSummaries": found}]

    def stop_transform_job(self, *, TransformJobName: str) -> None:  # noqa: N803
        self.running.remove(TransformJobName)
        self.stopped.append(TransformJobName)

    def time_passes(self) -> None:
        self.running += self.late
        self.late = []


def test_a_job_that_is_made_while_it_stops_the_others_is_stopped_too() -> None:
    arn = f"{MACHINE}:night"
    prefix = stop.job_prefix(STAGE, arn)
    jobs = Jobs(f"{prefix}00000-1", f"{prefix}00001-1", "tfbatch-night-00000000-00000-1")
    jobs.late = [f"{prefix}00002-1"]
    told = stop.stop(
        {"execution": arn, "jobs": STAGE},
        jobs,  # type: ignore[arg-type] # what is used of it
        lambda: True,
        pause=jobs.time_passes,
    )
    assert told == {"stopped": [f"{prefix}0000{number}-1" for number in range(3)]}
    assert jobs.running == ["tfbatch-night-00000000-00000-1"]


@pytest.mark.parametrize(("seconds", "count"), [(10, 1), (-10, 1), (-600, 0)])
def test_an_event_that_comes_late_stops_no_job_of_a_redriven_execution(
    seconds: int, count: int
) -> None:
    arn = f"{MACHINE}:night"
    jobs = Jobs(f"{stop.job_prefix(STAGE, arn)}00000-1")
    ended = (jobs.created + timedelta(seconds=seconds)).timestamp() * 1000
    event = {"execution": arn, "jobs": STAGE, "ended": ended}
    told = stop.stop(event, jobs, lambda: True, pause=jobs.time_passes)  # type: ignore[arg-type]
    assert len(told["stopped"]) == count
