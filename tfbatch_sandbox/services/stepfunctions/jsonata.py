"""JSONata in Step Functions: moto parses these definitions and leaves the evaluation unset.

moto composes one program text out of the variables and the expression, without escaping, for an
evaluator it does not have. Here the expression is evaluated as it stands with the variables bound,
so a quote or a newline in a value is only a value.
"""

from __future__ import annotations

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

from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.stepfunctions import jsonata_evaluator, jsonata_field

if TYPE_CHECKING:
    from typing import Any

    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Let moto's string expressions evaluate themselves."""
    replace(StringJSONata, "_eval_body", _eval_body)
    replace(StringVariableSample, "_eval_body", _eval_body)


def _eval_body(self: StringJSONata | StringVariableSample, env: Environment) -> None:
    try:
        value = jsonata_evaluator.evaluate(self.expression, _variables(env))
    except jsonata_evaluator.QueryError as error:
        field = jsonata_field.field(env, self.expression)
        where = f" specified for the field '{field}'" if field else ""
        cause = f"The JSONata expression '{self.expression.strip()}'{where} {error}"
        raise _failure(env, cause) from error
    env.stack.append(value)


def _variables(env: Environment) -> dict[str, Any]:
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
