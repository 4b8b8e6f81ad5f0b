"""The states of the workflow against the States Language, the services' models and their errors."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped] # cfn-lint's
import pytest

from tfbatch_sandbox.services.stepfunctions import error_names
from tfbatch_sandbox.services.stepfunctions.sagemaker_sync import PARAMETERS

if TYPE_CHECKING:
    from tests.aws.workflows import State

SCHEMA = files("cfnlint") / "data/schemas/other/step_functions/statemachine.json"
OPTIMIZED = {
    "sagemaker:createTransformJob.sync": PARAMETERS,
    "lambda:invoke": {"ClientContext", "FunctionName", "InvocationType", "Payload", "Qualifier"},
    "events:putEvents": {"Entries"},
    "sns:publish": {
        *("Message", "MessageAttributes", "MessageStructure", "PhoneNumber", "Subject"),
        *("TargetArn", "TopicArn"),
    },
}
"""The parameters of the optimized integrations. Source: Step Functions developer guide."""


def test_every_definition_is_valid_states_language(machines: list[dict[str, Any]]) -> None:
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    for machine in machines:
        found = validator.iter_errors(_explicit(copy.deepcopy(machine)))
        assert [(list(error.absolute_path), error.message) for error in found] == []
        assert len(json.dumps(machine)) < 1_048_576  # the quota of a definition


def _explicit(machine: dict[str, Any]) -> dict[str, Any]:
    """Name the query language in every state: the schema doesn't know that states inherit it."""
    for state in machine["States"].values():
        if state["Type"] != "Succeed":
            state["QueryLanguage"] = "JSONata"
        if "ItemProcessor" in state:
            _explicit(state["ItemProcessor"])
    return machine


def test_every_call_is_one_of_the_services_model(tasks: list[State]) -> None:
    for task in tasks:
        arguments = task.body["Arguments"]
        known: set[str] = set(OPTIMIZED.get(task.resource, ()))
        if task.resource.startswith("aws-sdk:"):
            _, service, action = task.resource.split(":")
            operation = error_names.operation_of(service, action)
            assert operation is not None, task.resource
            members = operation.input_shape.members if operation.input_shape else ()
            # Step Functions' names begin with a capital, whatever the API's do.
            known = {name[0].upper() + name[1:] for name in members}
        assert known, task.resource
        if isinstance(arguments, dict):  # others are made by an expression
            assert arguments.keys() <= known, (task.name, arguments.keys() - known)


def test_every_error_that_is_caught_can_happen(tasks: list[State]) -> None:
    for task in tasks:
        possible = error_names.of_task(task.resource) | error_names.RESERVED
        for rule in (*task.body.get("Retry", ()), *task.body.get("Catch", ())):
            assert set(rule["ErrorEquals"]) <= possible, (task.name, task.resource)


def test_no_error_of_a_whole_service_is_taken_for_one_thing(tasks: list[State]) -> None:
    """``S3.S3Exception`` is a denial, a slow-down or a missed condition: only the status tells."""
    for task in tasks:
        for rule in task.body.get("Catch", ()):
            is_broad = any(
                name == f"{service}.{service}Exception"
                for name in rule["ErrorEquals"]
                for service in [name.partition(".")[0]]
            )
            then = task.others[rule["Next"]]
            if is_broad or "States.ALL" in rule["ErrorEquals"]:
                assert then["Type"] != "Succeed" or "failure" in json.dumps(then), task.name


def test_a_key_is_claimed_when_the_plan_is_accepted(machines: list[dict[str, Any]]) -> None:
    for machine in machines:
        before = {name for name, one in machine["States"].items() if "Claim the key" in _next(one)}
        if before:
            assert before == {"Is the plan done?", "Is there a plan?"}
            (condition,) = (
                choice["Condition"]
                for choice in machine["States"]["Is the plan done?"]["Choices"]
                if choice["Next"] == "Claim the key"
            )
            assert "$not($request.dry_run)" in condition


def test_a_variable_that_is_null_at_first_is_assigned(machines: list[dict[str, Any]]) -> None:
    """The CDK leaves out a member that is null, and undefined doesn't equal null in JSONata."""
    for machine in machines:
        if "Read the claim" in machine["States"]:
            first = machine["States"]["Read the stage"]["Assign"]
            assert [first.get(name) for name in ("claim", "cursor", "plan")] == ["{% null %}"] * 3
            caught, _ = machine["States"]["Read the claim"]["Catch"]
            assert caught["Assign"] == {"claim": "{% null %}"}


def _next(state: dict[str, Any]) -> set[str]:
    """The states that may follow."""
    rules = (state, *state.get("Choices", ()), *state.get("Catch", ()))
    return {rule["Next"] for rule in rules if "Next" in rule} | {state.get("Default", "")}


def test_every_call_of_aws_is_tried_again(tasks: list[State]) -> None:
    exempt = {
        "Transform": "its states sort its failures, with waits",
        "Look at the job": "the loop looks again",
        "List the running jobs": "measured again in five minutes",
        "When was the last run?": "measured again in five minutes",
        "How old is the workflow?": "measured again in five minutes",
        "Tell": "measured again in five minutes",
    }
    without = {task.name for task in tasks if "Retry" not in task.body}
    assert without == set(exempt)


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("aws-sdk:s3:putObject", "S3.PreconditionFailedException"),
        ("aws-sdk:s3:putObject", "S3.AccessDeniedException"),
        ("lambda:invoke", "Lambda.Timeout"),
    ],
)
def test_a_name_that_is_no_error_would_be_found(resource: str, name: str) -> None:
    assert name not in error_names.of_task(resource) | error_names.RESERVED
