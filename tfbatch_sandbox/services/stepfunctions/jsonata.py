"""Evaluates the JSONata expressions of state machines, which moto parses but can't evaluate.

An error names the field that holds the expression, as in Step Functions: ``Output/total``,
``Choices[1]/Condition``. moto's expressions don't know their field, so the definition is searched
for the first occurrence of the text inside the state. ``TFBATCH_JSONATA_RECORD`` names a file to
which evaluations are appended, so that another implementation can repeat them.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.stepfunctions import jsonata_evaluator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime


_RECORD = "TFBATCH_JSONATA_RECORD"


def install(_runtime: Runtime) -> None:
    """Evaluate moto's string expressions."""
    replace(StringJSONata, "_eval_body", _eval_body)
    replace(StringVariableSample, "_eval_body", _eval_body)


def _eval_body(self: StringJSONata | StringVariableSample, env: Environment) -> None:
    variables = _variables(env)
    try:
        value = jsonata_evaluator.evaluate(self.expression, variables)
    except jsonata_evaluator.QueryError as error:
        field = _field(env, self.expression)
        where = f" specified for the field '{field}'" if field else ""
        cause = f"The JSONata expression '{self.expression.strip()}'{where} {error}"
        raise _failure(env, cause) from error
    if _RECORD in os.environ:
        _record(self.expression, variables, value)
    env.stack.append(value)


def _record(expression: str, variables: Mapping[str, Json], value: Json) -> None:
    """Append an evaluation as a line of JSON, with the variables that the expression names.

    Of an object whose members alone are named, other members are left out.
    """
    kept = {name: one for name, one in variables.items() if f"${name}" in expression}
    for name, one in kept.items():
        if isinstance(one, dict) and not re.search(rf"\${name}\b(?!\.)", expression):
            kept[name] = {key: item for key, item in one.items() if key in expression}
    line = json.dumps({"expression": expression, "variables": kept, "value": value}, default=str)
    with Path(os.environ[_RECORD]).open("a") as file:
        file.write(line + "\n")


def _variables(env: Environment) -> dict[str, Json]:
    store = env.variable_store
    return {
        **store._outer_scope,  # noqa: SLF001
        **store._inner_scope,  # noqa: SLF001
        "states": env.states._states_data,  # noqa: SLF001
    }


def _failure(env: Environment, cause: str) -> FailureEventException:
    error_name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details = EvaluationFailedEventDetails(cause=cause, error=error_name.error_name)
    return FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=error_name,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(evaluationFailedEventDetails=details),
        )
    )


def _field(env: Environment, expression: str) -> str | None:
    """The field of the current state that holds ``expression``, or ``None``."""
    context = env.states.context_object.context_object_data
    name = (context.get("State") or {}).get("Name", "")
    state = _state(_definition(context), name) or {}
    return next(_fields(state, expression, ""), None)


def _definition(context: Json) -> Json:
    arn = context["StateMachine"]["Id"]
    _, _, _, region, account, *_ = arn.split(":")
    backend = stepfunctions_parser_backends[account][region]
    return json.loads(backend.describe_state_machine(arn).definition)


def _state(value: Json, name: str) -> Json:
    """The state of that name, at any depth: names are unique in a state machine."""
    if isinstance(value, dict) and name in value.get("States", {}):
        return value["States"][name]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for item in inner if (found := _state(item, name))), None)


def _fields(value: Json, expression: str, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _fields(item, expression, f"{path}/{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _fields(item, expression, f"{path}[{index}]")
    elif isinstance(value, str) and _inside(value) == expression.strip():
        yield path


def _inside(text: str) -> str | None:
    text = text.strip()
    return text[2:-2].strip() if text.startswith("{%") and text.endswith("%}") else None
