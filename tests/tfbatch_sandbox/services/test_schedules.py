"""Schedules: when they are due, and that they start what they say, as their role."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch_sandbox.roles import allow, make_role
from tfbatch_sandbox.services.events import schedules
from tfbatch_sandbox.services.events.schedule_times import ScheduleError, next_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    import boto3
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

    from tests.tfbatch_sandbox.services.conftest import Workflows
    from tfbatch_sandbox.sandbox import Sandbox

CREATED = datetime(2026, 11, 22, 10, 20, 30, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("expression", "zone", "due"),
    [
        ("rate(5 minutes)", "UTC", ["22T10:25:30", "22T10:30:30"]),
        ("rate(1 day)", "UTC", ["23T10:20:30", "24T10:20:30"]),
        ("at(2026-11-22T12:00:00)", "Europe/Paris", ["22T11:00:00"]),
        ("at(2026-11-22T11:00:00)", "Europe/Paris", []),
        ("cron(0 2 * * ? *)", "UTC", ["23T02:00:00", "24T02:00:00"]),
        ("cron(0 2 * * ? *)", "America/New_York", ["23T07:00:00"]),
        ("cron(0/20 10 * * ? *)", "UTC", ["22T10:40:00", "23T10:00:00"]),
        ("cron(15 10 ? * MON-FRI *)", "UTC", ["23T10:15:00", "24T10:15:00"]),
        ("cron(0 0 ? * 6L *)", "UTC", ["27T00:00:00"]),
        ("cron(0 0 ? * WED#4 *)", "UTC", ["25T00:00:00"]),
        ("cron(0 0 L * ? *)", "UTC", ["30T00:00:00"]),
        ("cron(0 0 28W * ? *)", "UTC", ["27T00:00:00"]),
        ("cron(0 0 1 1 ? 2025)", "UTC", []),
        ("cron(30 10,22 * NOV ? 2026-2027)", "UTC", ["22T10:30:00", "22T22:30:00"]),
    ],
)
def test_a_schedule_is_due_when_its_expression_says(
    expression: str, zone: str, due: Sequence[str]
) -> None:
    after, found = CREATED, []
    for _ in due or [""]:
        moment = next_time(expression, zone=zone, created=CREATED, after=after)
        if moment is not None:
            after = moment
            found.append(f"{moment:%dT%H:%M:%S}")
    assert found == list(due)


def test_an_hour_that_summer_time_leaves_out_is_left_out() -> None:
    before = datetime(2027, 3, 27, 12, tzinfo=UTC)
    due = next_time("cron(30 2 * * ? *)", zone="Europe/Paris", created=before, after=before)
    assert due == datetime(2027, 3, 29, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "every day",
        "cron(0 2 * * *)",
        "cron(0 2 * * * *)",
        "cron(61 2 * * ? *)",
        "cron(x 2 * * ? *)",
    ],
)
def test_an_expression_that_is_none_is_named(expression: str) -> None:
    with pytest.raises(ScheduleError, match="Invalid Schedule Expression"):
        next_time(expression, zone="UTC", created=CREATED, after=CREATED)


@pytest.mark.parametrize(
    "wrong_field",
    [
        {"schedule_expression": None},
        {"schedule_expression": {}},
        {"schedule_expression": "rate(0 minutes)"},
        {"schedule_expression": "cron(* * *)"},
        {"end_date": "soon"},
        {"start_date": {}},
    ],
    ids=str,
)
def test_a_schedule_that_cannot_be_read_stops_no_other(
    wrong_field: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    fields = {
        "arn": "arn",
        "schedule_expression": "rate(1 minute)",
        "schedule_expression_timezone": "UTC",
        "creation_date": now.timestamp() - 30,
        "state": "ENABLED",
        "start_date": None,
        "end_date": None,
    }
    wrong, right = SimpleNamespace(**fields | wrong_field), SimpleNamespace(**fields)
    monkeypatch.setattr(schedules, "_enabled", lambda: [wrong, right])
    found = list(schedules.due_between(now, now + timedelta(seconds=60)))
    assert [schedule for schedule, _ in found] == [right]
    assert wrong.state == "DISABLED"


def test_a_schedule_starts_an_execution_as_its_role_and_leaves(
    workflows: Workflows, session: boto3.Session, sandbox: Sandbox
) -> None:
    machine = workflows.create({"Done": {"Type": "Pass", "End": True}})
    role = make_role(
        session.client("iam", endpoint_url=sandbox.endpoint_url),
        "clock",
        {"Service": "scheduler.amazonaws.com"},
        allow("states:StartExecution", on=machine),
    )
    scheduler = session.client("scheduler", endpoint_url=sandbox.endpoint_url)
    due = datetime.now(UTC) + timedelta(seconds=2)
    scheduler.create_schedule(
        Name="soon",
        ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": machine,
            "RoleArn": role,
            "Input": json.dumps({"when": "<aws.scheduler.scheduled-time>"}),
        },
    )
    deadline = time.monotonic() + 30
    started: list[ExecutionListItemTypeDef] = []
    while not started and time.monotonic() < deadline:
        started = workflows.client.list_executions(stateMachineArn=machine)["executions"]
        time.sleep(0.1)
    ended = workflows.end(started[0]["executionArn"])
    assert json.loads(ended["input"]) == {"when": f"{due:%Y-%m-%dT%H:%M:%SZ}"}
    assert scheduler.list_schedules(NamePrefix="soon")["Schedules"] == []
