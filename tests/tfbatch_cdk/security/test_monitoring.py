"""Tests of alarms, dashboard and logs: each alarm has the topic, a metric and a runbook."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stacks.stages import stage_named
from tests.paths import REPOSITORY
from tests.tfbatch_cdk.security.policies import text
from tfbatch_cdk.monitoring.alarms import max_hours_without_run
from tfbatch_cdk.settings import Protection, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tfbatch_cdk.conftest import Assembly, Template
    from tfbatch_cdk.settings import Stage

RUNBOOKS = (REPOSITORY / "docs" / "operations.md").read_text()


def alarms(assembly: Assembly) -> dict[str, Template]:
    """The alarms, by the id of their construct."""
    found = assembly.of_type("AWS::CloudWatch::Alarm")
    return {
        name.removeprefix("MonitoringAlarms").rstrip("0123456789ABCDEF"): one["Properties"]
        for name, one in found.items()
    }


def test_every_alarm_goes_to_the_one_topic_and_has_its_runbook(prod: Assembly) -> None:
    (topic,) = prod.of_type("AWS::SNS::Topic")
    found = alarms(prod)
    assert set(found) == {"FailedRun", "Exceptions", "CostOfRun", "StuckJob"}
    for name, alarm in found.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
        assert f"Runbook: docs/operations.md#{name.lower()}" in alarm["AlarmDescription"]
        assert f"\n## {name}\n" in RUNBOOKS


def test_the_topic_admits_alarms_of_this_account_and_nobody_without_tls(prod: Assembly) -> None:
    policy = {
        one["Sid"]: one for one in prod.one("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    }
    admitted = policy.pop("AlarmsOfThisAccount")
    assert admitted["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert "aws:SourceAccount" in text(admitted["Condition"])
    assert [one["Effect"] for one in policy.values()] == ["Deny"]


def test_a_pulse_that_stops_rings_too(prod: Assembly) -> None:
    treated = {name: one["TreatMissingData"] for name, one in alarms(prod).items()}
    assert treated.pop("StuckJob") == "breaching"
    assert set(treated.values()) == {"notBreaching"}


def _sums(alarm: Template) -> list[str]:
    """The expressions of an alarm that combine metrics."""
    return [one["Expression"] for one in alarm.get("Metrics", ()) if "Expression" in one]


@pytest.mark.aws
def test_a_metric_that_is_missing_hides_no_other_in_a_sum(prod: Assembly) -> None:
    sums = [each for alarm in alarms(prod).values() for each in _sums(alarm)]
    assert sums
    for each in sums:
        assert not re.search(r"\b[a-z]\w*\b", re.sub(r"FILL\(\w+, 0\)", "", each)), each


def test_a_schedule_that_starts_nothing_is_told_where_there_is_one(
    synth: Callable[[Stage], Assembly],
) -> None:
    assembly = synth(replace(stage_named("dev"), schedules={"rate(6 hours)": "{}"}))
    alarm = alarms(assembly)["NoRun"]
    assert (alarm["Threshold"], alarm["MetricName"]) == (7, "HoursSinceLastRun")
    assert "\n## NoRun\n" in RUNBOOKS


@pytest.mark.parametrize(
    ("schedules", "hours"),
    [
        ((), None),
        (("rate(1 day)",), 25),
        (("rate(30 minutes)", "rate(2 hours)"), 1.5),
        (("cron(0 3 * * ? *)",), 25),
    ],
)
def test_the_shortest_schedule_says_how_long_is_too_long(
    schedules: tuple[str, ...], hours: float | None
) -> None:
    assert max_hours_without_run(schedules) == hours


def test_a_stage_may_watch_by_itself(synth: Callable[[Stage], Assembly]) -> None:
    protection = Protection(watch=None, network=None)
    assembly = synth(replace(stage_named("dev"), protection=protection))
    for kind in ("CloudWatch::Alarm", "CloudWatch::Dashboard", "Logs::QueryDefinition"):
        assert not assembly.of_type(f"AWS::{kind}")


def test_thresholds_that_never_ring_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Watch\.exception_percent = 101: use 0 to 100"):
        Watch(exception_percent=101)


def test_the_dashboard_shows_what_operations_ask_for(prod: Assembly) -> None:
    body = text(prod.one("AWS::CloudWatch::Dashboard")["DashboardBody"])
    for name in (
        *("ExecutionsFailed", "RecordsPerSecond", "GPUUtilization", "CPUUtilization"),
        *("UsdPerThousand", "Exceptions", "OldestJobHours"),
    ):
        assert name in body


@pytest.mark.aws
def test_logs_of_state_machines_take_no_room_in_the_accounts_policy(prod: Assembly) -> None:
    groups = prod.of_type("AWS::Logs::LogGroup")
    machines = prod.of_type("AWS::StepFunctions::StateMachine").values()
    assert len(machines) == 3
    for machine in machines:
        (target,) = machine["Properties"]["LoggingConfiguration"]["Destinations"]
        arn = target["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0]
        name = text(groups[arn]["Properties"]["LogGroupName"])
        assert "/aws/vendedlogs/states/tfbatch-prod-inference-" in name
        assert "AWS::StackId" in name  # else a retained group is in the way of the next stack


def test_logs_are_kept_as_long_as_the_stage_says(prod: Assembly) -> None:
    groups = prod.of_type("AWS::Logs::LogGroup").values()
    assert {one["Properties"]["RetentionInDays"] for one in groups} == {365}
    machines = prod.of_type("AWS::StepFunctions::StateMachine").values()
    assert all(one["Properties"]["TracingConfiguration"]["Enabled"] for one in machines)
