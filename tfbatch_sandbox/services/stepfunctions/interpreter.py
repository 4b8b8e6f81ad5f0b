"""Corrects moto's interpreter of state machines.

- Strings of a definition are read as JSON reads them, with their escapes.
- The context object has the execution's redrive count, and its times end with ``Z``.
- An expression that fails outside a task writes ``EvaluationFailed`` to the history, too.
- Threads that have ended are not kept.

Wait states are as short as a fault asks for.

Source: executions recorded on AWS by LocalStack's tests (``tests/aws/services/stepfunctions``).
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser import utils
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.states import ExecutionData, StateData
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.backend import execution_worker

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from antlr4 import ParserRuleContext  # type: ignore[import-untyped]
    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.runtime import Runtime

_THREADS = "TMP_THREADS"


def install(runtime: Runtime) -> None:
    """Patch the classes of states, and what reads their definition."""
    replace(preprocessor, "from_string_literal", _text)
    replace(preprocessor.Preprocessor, "_inner_string_of", staticmethod(_text))
    replace(execution_worker, "ExecutionData", _execution)
    replace(state, "StateData", _state)
    replace(CommonStateField, "_eval_body", _with_failed_evaluation(CommonStateField._eval_body))  # noqa: SLF001
    replace(WaitFunction, "_eval_body", _wait(runtime))
    forget_threads()


def forget_threads() -> None:
    """Give moto's modules a list of threads that keeps none. Nothing reads the list."""
    kept = utils.TMP_THREADS
    for name, module in tuple(sys.modules.items()):
        if name.startswith("moto.stepfunctions.") and getattr(module, _THREADS, None) is kept:
            replace(module, _THREADS, deque(maxlen=0))


def _text(parser_rule_context: ParserRuleContext) -> str | None:
    """The string of a JSON literal; of other tokens their text.

    moto itself reads the escapes of a JSONPath.
    """
    text: str = parser_rule_context.getText()
    if text == "null":
        return None
    if text.startswith('"$'):
        return text[1:-1]
    return str(json.loads(text)) if text.startswith('"') else text


def _execution(**data: Any) -> ExecutionData:  # noqa: ANN401 - moto's fields, passed on
    started = data["StartTime"]
    times = {"StartTime": _time(started)} if isinstance(started, datetime) else {}
    return ExecutionData(**{**data, **times, "RedriveCount": 0})


def _state(**data: Any) -> StateData:  # noqa: ANN401 - moto's fields, passed on
    return StateData(**{**data, "EnteredTime": _time(datetime.fromisoformat(data["EnteredTime"]))})


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _with_failed_evaluation(evaluate: Callable[..., None]) -> Callable[..., None]:
    def run(self: CommonStateField, env: Environment) -> None:
        try:
            evaluate(self, env)
        except FailureEventException as error:
            failure = error.failure_event
            # a task, a Map and a Parallel write their failures themselves
            written = isinstance(self, ExecutionState)
            if failure.event_type == HistoryEventType.EvaluationFailed and not written:
                env.event_manager.add_event(
                    context=env.event_history_context,
                    event_type=failure.event_type,
                    event_details=failure.event_details,
                )
            raise

    return run


def _wait(runtime: Runtime) -> Callable[[WaitFunction, Environment], None]:
    def wait(self: WaitFunction, env: Environment) -> None:
        end = time.monotonic() + runtime.faults.shorten(self._get_wait_seconds(env=env))
        while (left := end - time.monotonic()) > 0 and env.is_running():
            env.program_state_event.wait(left)

    return wait
