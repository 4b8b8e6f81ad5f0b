"""JSONata as Step Functions evaluates it, through state machines that run."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfbatch_sandbox.services.stepfunctions import jsonata_evaluator

if TYPE_CHECKING:
    from tests.tfbatch_sandbox.services.conftest import Workflows
    from tfbatch_sandbox.services.json_type import Json

REFERENCE = json.loads((Path(__file__).parent / "jsonata_reference.json").read_text("utf-8"))
"""Results of npm's jsonata 2.0.6, the version that Step Functions names; written by
jsonata_reference.mjs, which says how to make them again."""
NESTED = {"a": None, "list": [{"n": 1}, {"n": 2}], "one": [{"n": 1}], "ü": "😀", "f": 2.5}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("6 / 2", 3),
        ("7 / 2", 3.5),
        ("$states.input.a", None),
        ("$states.input.list.n", [1, 2]),
        ("$states.input.one.n", 1),
        ("[$states.input.one.n]", [1]),
        ("$states.input.`ü`", "😀"),
        ("$length($states.input.`ü`)", 1),
        ("$states.input.list[n = 2]", {"n": 2}),
        ("$states.input.list.($.n * 10)", [10, 20]),
        ("{'gone': $states.input.nothing, 'null': null}", {"null": None}),
        ("$exists($states.input.nothing)", False),
        ("$exists($states.input.a)", True),
        ("$sum($states.input.list.n) ~> $string()", "3"),
        ("$contains('s3://b/k', /^s3:\\/\\/[^\\/]+\\//)", True),
        ("$split('a/b/c', '/')[-1]", "c"),
        ("$states.input.f", 2.5),
        ("$states.input", NESTED),
    ],
)
def test_an_expression_yields_what_it_yields_on_aws(
    workflows: Workflows, expression: str, value: Json
) -> None:
    assert workflows.value(expression, NESTED) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
        ("$partition([1, 2], 5)", [[1, 2]]),
        ("$range(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$range(1, 9, 9)", 1),
        ("$range(1, 0, 1)", []),
        ("$parse('{\"a\": [1, null]}')", {"a": [1, None]}),
        (
            "$hash('input data', 'SHA-1')",
            "aaff4a450a104cd177d28d18d74485e8cae074b7",  # pragma: allowlist secret
        ),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),  # pragma: allowlist secret
        ("$random(7) = $random(7)", True),
        ("$random() != $random()", True),
        ("$uuid() != $uuid()", True),
    ],
)
def test_the_functions_step_functions_adds_are_there(
    workflows: Workflows, expression: str, value: Json
) -> None:
    assert workflows.value(expression) == value


def test_uuid_is_a_version_4_uuid(workflows: Workflows) -> None:
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-.{4}-.{12}", workflows.value("$uuid()")
    )


@pytest.mark.parametrize("text", ['say "no"', "two\nlines", "back\\slash", "{% 1 %}", "$states; ("])
def test_a_variable_may_hold_any_text(workflows: Workflows, text: str) -> None:
    states = {
        "Keep": {"Type": "Pass", "Assign": {"kept": "{% $states.input.text %}"}, "Next": "Show"},
        "Show": {"Type": "Pass", "Output": {"v": "{% $kept %}"}, "End": True},
    }
    assert workflows.output(states, {"text": text}) == {"v": text}


def test_nothing_fails_the_state_and_names_its_field(workflows: Workflows) -> None:
    states = {
        "Pick": {"Type": "Pass", "Output": {"a": [{"b": "{% $states.input.no %}"}]}, "End": True}
    }
    ended = workflows.run(states)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.QueryEvaluationError")
    assert ended["cause"] == (
        "An error occurred while executing the state 'Pick' (entered at the event id #2). "
        "The JSONata expression '$states.input.no' specified for the field 'Output/a[0]/b' "
        "returned nothing (undefined)."
    )


def test_an_error_in_an_expression_is_told(workflows: Workflows) -> None:
    states = {"Add": {"Type": "Pass", "Output": "{% 1 + 'a' %}", "End": True}}
    ended = workflows.run(states)
    assert ended["error"] == "States.QueryEvaluationError"
    assert "threw an error during evaluation. T2002" in ended["cause"]


def test_a_choice_takes_the_first_condition_that_holds(workflows: Workflows) -> None:
    states = {
        "Which": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input.n > 10 %}", "Next": "Large"},
                {"Condition": "{% $states.input.n > 1 %}", "Next": "Middle"},
            ],
            "Default": "Small",
        },
        "Large": {"Type": "Pass", "Output": "large", "End": True},
        "Middle": {"Type": "Pass", "Output": "middle", "End": True},
        "Small": {"Type": "Pass", "Output": "small", "End": True},
    }
    assert [workflows.output(states, {"n": n}) for n in (11, 5, 1)] == ["large", "middle", "small"]


def test_a_fail_state_computes_its_error_and_cause(workflows: Workflows) -> None:
    states = {"Stop": {"Type": "Fail", "Error": "{% 'E' & 1 %}", "Cause": "{% $states.input.c %}"}}
    ended = workflows.run(states, {"c": 'a "cause"'})
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "E1", 'a "cause"')


def test_a_fail_state_passes_on_an_error_of_step_functions_own(workflows: Workflows) -> None:
    states = {"Stop": {"Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "as caught"}}
    assert workflows.run(states, {"e": "States.TaskFailed"})["error"] == "States.TaskFailed"


def test_a_caught_error_is_at_hand_for_assign_and_output(workflows: Workflows) -> None:
    states = {
        "Look": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:headBucket",
            "Arguments": {"Bucket": "no-such-bucket-anywhere"},
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "Assign": {"error": "{% $states.errorOutput.Error %}"},
                    "Output": {"from": "{% $states.input.who %}"},
                    "Next": "Tell",
                }
            ],
            "End": True,
        },
        "Tell": {
            "Type": "Pass",
            "Output": {"error": "{% $error %}", "from": "{% $states.input.from %}"},
            "End": True,
        },
    }
    told = workflows.output(states, {"who": "me"})
    assert told["from"] == "me"
    assert told["error"] == "S3.NoSuchBucketException"


def test_a_map_state_runs_its_items_and_knows_them(workflows: Workflows) -> None:
    states = {
        "Each": {
            "Type": "Map",
            "Items": "{% $states.input.items %}",
            "ItemSelector": {
                "value": "{% $states.context.Map.Item.Value %}",
                "index": "{% $states.context.Map.Item.Index %}",
            },
            "MaxConcurrency": 2,
            "ItemProcessor": {
                "StartAt": "Double",
                "States": {
                    "Double": {
                        "Type": "Pass",
                        "Output": "{% $states.input.value * 2 + $states.input.index %}",
                        "End": True,
                    }
                },
            },
            "End": True,
        }
    }
    assert workflows.output(states, {"items": [1, 2, 3]}) == [2, 5, 8]


def test_evaluations_of_an_expression_at_a_time_have_their_own_variables() -> None:
    expression = "($last := $v[-1]; $f := function($x) { $x + $last }; $map($v, $f))"

    def evaluate(number: int) -> Json:
        return jsonata_evaluator.evaluate(expression, {"v": [number, 2 * number]})

    with ThreadPoolExecutor(4) as threads:
        values = list(threads.map(evaluate, range(1, 200)))
    assert values == [[3 * number, 4 * number] for number in range(1, 200)]


def test_the_context_names_the_execution(workflows: Workflows) -> None:
    states = {
        "Who": {
            "Type": "Pass",
            "Output": {
                "name": "{% $states.context.Execution.Name %}",
                "id": "{% $states.context.Execution.Id %}",
                "state": "{% $states.context.State.Name %}",
            },
            "End": True,
        }
    }
    execution = workflows.start(states)
    workflows.end(execution)
    told = workflows.output(states)
    assert told["state"] == "Who"
    assert told["id"].endswith(told["name"])
    assert re.fullmatch(r"[0-9a-f-]{36}", told["name"])


@pytest.mark.parametrize(
    "text", ["{% $error('run') %}", "' & $uuid() & '", "{% $states.context.Execution.Id %}", "$$"]
)
def test_text_that_looks_like_an_expression_stays_text(workflows: Workflows, text: str) -> None:
    told = workflows.value("$states.input", {"a": text, text: ["x"]})
    assert told == {"a": text, text: ["x"]}
    assert workflows.value("'<' & $states.input.a & '>'", {"a": text}) == f"<{text}>"


def _outcome(expression: str) -> Json:
    try:
        return {"value": jsonata_evaluator.evaluate(expression, REFERENCE["variables"])}
    except jsonata_evaluator.QueryError as error:
        kinds = {"returned nothing": "undefined", "returned an unsupported": "function"}
        kind = next((kind for text, kind in kinds.items() if text in str(error)), "error")
        return {kind: True}


def test_results_are_those_of_the_reference_implementation() -> None:
    """Compares as text: for Python 1, 1.0 and true are equal."""
    different = [
        (expression, wanted, ours)
        for expression, wanted in REFERENCE["results"]
        if json.dumps(ours := _outcome(expression), sort_keys=True)
        != json.dumps(wanted if "error" not in wanted else {"error": True}, sort_keys=True)
    ]
    assert different == []


def test_a_null_variable_stays_null_in_objects_and_arrays(workflows: Workflows) -> None:
    states = {
        "Keep": {"Type": "Pass", "Assign": {"page": "{% $states.input.page %}"}, "Next": "Show"},
        "Show": {
            "Type": "Pass",
            "Output": "{% {'cursor': $page, 'list': [$page], 'merged': $merge([{'p': $page}])} %}",
            "End": True,
        },
    }
    shown = workflows.output(states, {"page": None})
    assert shown == {"cursor": None, "list": [None], "merged": {"p": None}}


@pytest.mark.parametrize("expression", ["1 / 0", "$number('one')", "$sort([1, null])"])
def test_an_error_inside_a_function_fails_the_state(workflows: Workflows, expression: str) -> None:
    states = {"Only": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}}
    assert workflows.run(states)["error"] == "States.QueryEvaluationError"


def test_eval_is_not_available(workflows: Workflows) -> None:
    states = {"Only": {"Type": "Pass", "Output": "{% $eval('1') %}", "End": True}}
    assert workflows.run(states)["error"] == "States.QueryEvaluationError"
