"""Corrects moto's execution API to match Step Functions.

- An execution without a name gets one.
- StopExecution keeps its error and cause. DescribeExecution shows a string output as JSON.
- An execution's input is shown as it was given, with its spaces and the order of its fields.
- The history supports reverse order and pages.
- DescribeStateMachineForExecution shows the definition that the execution started with.
- A Fail state may raise an error whose name begins with ``States.``.
- The executions of a burst begin when all of it has been started.
"""

from __future__ import annotations

import json
import time
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.asl.component.common.error_name import custom_error_name
from moto.stepfunctions.parser.backend import execution_worker
from moto.stepfunctions.parser.backend.execution import Execution, SyncExecution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from tfbatch_sandbox.services import constraints
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime

_HISTORY_PAGE = 1000
_QUIET_SECONDS = 0.2
"""Starts that follow each other sooner are a burst."""
_BURST_SECONDS = 2.0
"""How long an execution waits for the end of a burst at most."""
_LOOK_SECONDS = 0.01


class _Starts:
    """The starts of executions, to tell a burst.

    Each execution has a thread. Those of a burst that begin at once take turns with the requests
    that start the others: 200 starts of 5 ms each took 16 s.
    """

    def __init__(self) -> None:
        self._last = 0.0
        self._is_burst = False

    def note(self) -> None:
        """Note a start."""
        now = time.monotonic()
        self._is_burst = now - self._last < _QUIET_SECONDS
        self._last = now

    def wait(self) -> None:
        """Wait for the end of the burst, if there is one."""
        until = time.monotonic() + _BURST_SECONDS
        while self._is_burst and time.monotonic() < min(self._last + _QUIET_SECONDS, until):
            time.sleep(_QUIET_SECONDS)


def install(_runtime: Runtime) -> None:
    """Correct moto's answers."""
    starts = _Starts()
    _show_inputs_as_given(starts)
    start = StepFunctionsParserBackend.start_execution
    replace(StepFunctionsParserBackend, "start_execution", _named(start, starts))
    replace(StepFunctionResponse, "stop_execution", _stop)
    replace(StepFunctionResponse, "describe_execution", _describe)
    replace(StepFunctionResponse, "describe_state_machine_for_execution", _describe_machine)
    replace(StepFunctionResponse, "get_execution_history", _history)
    replace(custom_error_name, "ILLEGAL_CUSTOM_ERROR_PREFIX", "\0")
    _give_errors_their_codes()


def _show_inputs_as_given(starts: _Starts) -> None:
    given: ContextVar[str] = ContextVar("given")
    evaluate = ExecutionWorker._execution_logic  # noqa: SLF001 # it runs in the execution's thread

    def run(worker: ExecutionWorker) -> None:
        execution = worker._execution_communication.execution  # noqa: SLF001
        given.set(execution.execution_input or "{}")
        starts.wait()
        evaluate(worker)

    replace(ExecutionWorker, "_execution_logic", run)
    replace(execution_worker, "to_json_str", lambda _input: given.get())
    describe, answer = Execution.to_describe_output, SyncExecution.to_start_sync_execution_output

    def described(execution: Execution) -> dict[str, Any]:
        shown = {**describe(execution), "input": execution.execution_input or "{}"}
        return _redriving(execution.status) | shown

    def answered(execution: SyncExecution) -> dict[str, Any]:
        return {**answer(execution), "input": execution.execution_input or "{}"}

    replace(Execution, "to_describe_output", described)
    replace(SyncExecution, "to_start_sync_execution_output", answered)


def _named(start: Callable[..., Execution], starts: _Starts) -> Callable[..., Execution]:
    def start_execution(
        self: StepFunctionsParserBackend, state_machine_arn: str, name: str | None, given: str
    ) -> Execution:
        if name is not None:
            self._validate_name(name)
        starts.note()
        return start(self, state_machine_arn, name or str(uuid.uuid4()), given)

    return start_execution


def _request(response: StepFunctionResponse, operation: str) -> dict[str, Any]:
    """The request's parameters, which the service model admits."""
    request: dict[str, Any] = json.loads(response.body or "{}")
    constraints.check("stepfunctions", operation, request)
    return request


def _stop(response: StepFunctionResponse) -> ActionResult:
    request = _request(response, "StopExecution")
    execution = response.stepfunction_backend.describe_execution(request["executionArn"])
    now, error, cause = datetime.now(UTC), request.get("error"), request.get("cause")
    if execution.status == api.ExecutionStatus.RUNNING.value:
        execution.error, execution.cause = error, cause
        until = time.monotonic() + 2 * _BURST_SECONDS
        while execution.exec_worker.env is None and time.monotonic() < until:  # it begins
            time.sleep(_LOOK_SECONDS)
        execution.stop(stop_date=now, error=error, cause=cause)
    return ActionResult({"stopDate": execution.stop_date or now})


def _describe(response: StepFunctionResponse) -> ActionResult:
    arn = _request(response, "DescribeExecution")["executionArn"]
    execution = response.stepfunction_backend.describe_execution(arn)
    return ActionResult(execution.to_describe_output())


def _redriving(status: str) -> dict[str, Any]:
    """Whether the execution could be redriven (Step Functions API, DescribeExecution)."""
    if status not in {"RUNNING", "SUCCEEDED"}:
        return {"redriveCount": 0, "redriveStatus": "REDRIVABLE"}
    return {
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": f"Execution is {status} and cannot be redriven",
    }


def _describe_machine(response: StepFunctionResponse) -> ActionResult:
    arn = _request(response, "DescribeStateMachineForExecution")["executionArn"]
    machine = response.stepfunction_backend.describe_execution(arn).state_machine
    shown = {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "definition": machine.definition,
        "roleArn": machine.roleArn,
        "updateDate": machine.update_date,
        "loggingConfiguration": machine.loggingConfiguration,
        "tracingConfiguration": machine.tracingConfiguration,
    }
    return ActionResult({name: value for name, value in shown.items() if value is not None})


def _history(response: StepFunctionResponse) -> ActionResult:
    request = _request(response, "GetExecutionHistory")
    arn = request["executionArn"]
    events = response.stepfunction_backend.get_execution_history(arn)["events"]
    if request.get("reverseOrder", False):
        events = events[::-1]
    start = int(request.get("nextToken", "0"))
    end = start + (request.get("maxResults") or _HISTORY_PAGE)
    page = {"events": events[start:end]}
    return ActionResult(page | ({"nextToken": str(end)} if end < len(events) else {}))


def _give_errors_their_codes() -> None:
    """Copy ``code``, where moto's interpreter names its errors, to ``TYPE``, where it is read."""
    for error in vars(api).values():
        if isinstance(error, type) and issubclass(error, AWSError) and "code" in vars(error):
            replace(error, "TYPE", vars(error)["code"])
