"""Executions as Step Functions shows them."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.program import program
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.backend import execution_worker

from tfbatch_sandbox.services.stepfunctions import interpreter, log_delivery

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_stepfunctions import SFNClient

    from tests.tfbatch_sandbox.services.conftest import Workflows
    from tfbatch_sandbox.sandbox import Sandbox
    from tfbatch_sandbox.services.json_type import Json

PASS = {"Only": {"Type": "Pass", "End": True}}
WAIT = {"Only": {"Type": "Wait", "Seconds": 60, "End": True}}


def test_threads_that_have_ended_are_not_kept() -> None:
    interpreter.forget_threads()
    for module in (program, execute_state, execution_worker):
        module.TMP_THREADS.append(threading.current_thread())
        assert not module.TMP_THREADS


def test_an_execution_without_a_name_gets_one(workflows: Workflows) -> None:
    ended = workflows.run(PASS)
    assert re.fullmatch(r"[0-9a-f-]{36}", ended["name"])
    assert ended["executionArn"].endswith(f":{ended['name']}")


def test_a_name_that_is_too_long_is_refused(workflows: Workflows, stepfunctions: SFNClient) -> None:
    machine = workflows.create(PASS)
    with pytest.raises(ClientError):
        stepfunctions.start_execution(stateMachineArn=machine, name="n" * 81)


@pytest.mark.parametrize("given", ['{"b": 1, "a":  [1.0, 1e3]}', '{"a":1}', '"text"', " [ ] "])
def test_an_input_is_shown_as_it_was_given(
    workflows: Workflows, stepfunctions: SFNClient, given: str
) -> None:
    machine = workflows.create(PASS)
    execution = stepfunctions.start_execution(stateMachineArn=machine, input=given)
    ended = workflows.end(execution["executionArn"])
    history = stepfunctions.get_execution_history(executionArn=execution["executionArn"])
    started = history["events"][0]["executionStartedEventDetails"]
    assert (ended["input"], started["input"]) == (given, given)
    assert json.loads(ended["output"]) == json.loads(given)


def test_strings_of_a_definition_are_read_with_their_escapes(workflows: Workflows) -> None:
    states = {
        'Say "hé"': {"Type": "Pass", "Assign": {"said": '"\\/\u00e9😀'}, "Next": "Check"},
        "Check": {"Type": "Pass", "Output": "{% $said = '\"\\\\/é😀' %}", "End": True},
    }
    assert workflows.output(states) is True


def test_the_context_object_has_the_redrive_count_and_times_in_utc(workflows: Workflows) -> None:
    states = {"Only": {"Type": "Pass", "Output": "{% $states.context %}", "End": True}}
    context = workflows.output(states)
    assert context["Execution"]["RedriveCount"] == 0
    times = (context["Execution"]["StartTime"], context["State"]["EnteredTime"])
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times)


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        (PASS, ("NOT_REDRIVABLE", "Execution is SUCCEEDED and cannot be redriven")),
        ({"Only": {"Type": "Fail"}}, ("REDRIVABLE", None)),
    ],
)
def test_a_failed_execution_could_be_redriven(
    workflows: Workflows, states: Json, wanted: tuple[str, str | None]
) -> None:
    ended = workflows.run(states)
    assert (ended["redriveStatus"], ended.get("redriveStatusReason")) == wanted


@pytest.mark.parametrize("kind", ["Pass", "Succeed", "Choice"])
def test_an_expression_that_fails_is_in_the_history(
    workflows: Workflows, stepfunctions: SFNClient, kind: str
) -> None:
    fields: dict[str, dict[str, Json]] = {
        "Pass": {"Assign": {"x": "{% $missing %}"}, "End": True},
        "Succeed": {"Output": "{% $missing %}"},
        "Choice": {"Choices": [{"Condition": "{% $missing %}", "Next": "Only"}]},
    }
    ended = workflows.run({"Only": {"Type": kind, **fields[kind]}})
    history = stepfunctions.get_execution_history(executionArn=ended["executionArn"])
    failed = [each for each in history["events"] if each["type"] == "EvaluationFailed"]
    assert ended["error"] == "States.QueryEvaluationError"
    assert [each["evaluationFailedEventDetails"]["error"] for each in failed] == [ended["error"]]


def test_stopping_keeps_error_and_cause(workflows: Workflows, stepfunctions: SFNClient) -> None:
    execution = workflows.start(WAIT)
    stepfunctions.stop_execution(executionArn=execution, error="E", cause="C")
    ended = workflows.end(execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "E", "C")
    assert ended["stopDate"]


def test_executions_of_a_burst_all_run_and_those_that_are_stopped_at_once_are(
    workflows: Workflows, stepfunctions: SFNClient
) -> None:
    with ThreadPoolExecutor(10) as threads:
        started = list(threads.map(lambda _: workflows.start(WAIT), range(10)))
        last = workflows.start({"Only": {"Type": "Succeed"}})
    for execution in started:
        stepfunctions.stop_execution(executionArn=execution)
    assert {workflows.end(execution)["status"] for execution in started} == {"ABORTED"}
    assert workflows.end(last)["status"] == "SUCCEEDED"


def test_an_hour_s_wait_can_be_skipped(workflows: Workflows, sandbox: Sandbox) -> None:
    hour = {"Only": {"Type": "Wait", "Seconds": "{% 3600 %}", "End": True}}
    sandbox.faults(longest_wait=0.1, skipped_seconds=0)
    assert workflows.run(hour)["status"] == "SUCCEEDED"
    assert sandbox.faults(longest_wait=0)["skipped_seconds"] == 3599.9


def test_an_output_that_is_a_string_is_json_too(workflows: Workflows) -> None:
    states = {"Only": {"Type": "Pass", "Output": "text", "End": True}}
    assert workflows.run(states)["output"] == '"text"'


def test_the_history_has_an_order_and_pages(workflows: Workflows, stepfunctions: SFNClient) -> None:
    execution = workflows.run(PASS)["executionArn"]
    latest = stepfunctions.get_execution_history(
        executionArn=execution, reverseOrder=True, maxResults=1
    )
    assert latest["events"][0]["type"] == "ExecutionSucceeded"
    pages = stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=execution, PaginationConfig={"PageSize": 2}
    )
    types = [event["type"] for page in pages for event in page["events"]]
    assert types[0] == "ExecutionStarted"
    assert types[-1] == "ExecutionSucceeded"
    assert len(types) == 4


def test_a_definition_that_cannot_be_read_is_an_invalid_definition(
    stepfunctions: SFNClient,
) -> None:
    with pytest.raises(ClientError) as refused:
        stepfunctions.create_state_machine(
            name="broken",
            definition=json.dumps({"StartAt": "A", "States": {}}),
            roleArn="arn:aws:iam::123456789012:role/workflow",
        )
    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"


@pytest.mark.parametrize(
    ("group", "asked", "data"),
    [
        ("/states/told", {"includeExecutionData": True}, '{"a": 1}'),
        ("/states/told-without-data", {}, None),
    ],
)
def test_an_execution_writes_its_events_to_its_log_group(  # noqa: PLR0913, PLR0917 # fixtures and parameters
    workflows: Workflows,
    session: boto3.Session,
    sandbox: Sandbox,
    group: str,
    asked: dict[str, bool],
    data: str | None,
) -> None:
    logs = session.client("logs", endpoint_url=sandbox.endpoint_url)
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{sandbox.region}:{sandbox.account_id}:log-group:{group}:*"
    machine = workflows.create(
        {"Only": {"Type": "Pass", "End": True}},
        loggingConfiguration={
            "level": "ALL",
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
            **asked,
        },
    )
    started = workflows.client.start_execution(stateMachineArn=machine, input='{"a": 1}')
    workflows.end(started["executionArn"])
    events = logs.filter_log_events(logGroupName=group)["events"]
    told = [json.loads(event["message"]) for event in events]
    assert [each["type"] for each in told] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert told[0]["details"].get("input") == data
    assert {each["execution_arn"] for each in told} == {started["executionArn"]}


@pytest.mark.parametrize(
    ("prefix", "outcome"), [("/states/", "InvalidLoggingConfiguration"), ("/aws/vendedlogs/", "")]
)
def test_log_groups_of_state_machines_outgrow_the_accounts_policy(
    workflows: Workflows, session: boto3.Session, sandbox: Sandbox, prefix: str, outcome: str
) -> None:
    start = f"arn:aws:logs:{sandbox.region}:{sandbox.account_id}:log-group:{prefix}{'x' * 80}"
    refused = ""
    try:
        for number in range(40):
            arn = f"{start}{number}:*"
            destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]
            logged = {"level": "ALL", "destinations": destinations}
            workflows.create(PASS, loggingConfiguration=logged)
    except ClientError as error:
        refused = error.response["Error"]["Code"]
    finally:
        logs = session.client("logs", endpoint_url=sandbox.endpoint_url)
        logs.delete_resource_policy(policyName=log_delivery.POLICY)
    assert refused == outcome
