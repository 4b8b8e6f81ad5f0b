"""Says where in a state machine's definition an expression stands, as Step Functions' errors do.

moto's interpreter does not know: an expression there has no parent. So the definition is searched
for the first place of that text inside the state, named as AWS does: ``Output/total``,
``Choices[1]/Condition``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from moto.stepfunctions.parser.models import stepfunctions_parser_backends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.json_type import Json


def field(env: Environment, expression: str) -> str | None:
    """The field of the current state in which ``expression`` stands; ``None`` if it isn't found."""
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
    """The state of that name, at whatever depth: names are unique in a state machine."""
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
