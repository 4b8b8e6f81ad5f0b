"""Checks what Step Functions needs of a state machine's role.

It must be able to assume the role, create an EventBridge rule for jobs that it waits for, set up
log delivery, and start the executions of a Distributed Map.

Source: Step Functions developer guide, "IAM policies for integrated services", "Using CloudWatch
Logs to log execution history", "IAM policies for using Distributed Map state".
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
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
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    distributed_iteration_component as distributed,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from tfbatch_sandbox.authorization.call import Call, Place
from tfbatch_sandbox.authorization.guard import DeniedError
from tfbatch_sandbox.authorization.sessions import CannotAssumeError
from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.stepfunctions import log_delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.runtime import Runtime

_SERVICE = "states.amazonaws.com"
_RULE = "rule/StepFunctionsGetEventsForSageMakerTransformJobsRule"
_LOG_ACTIONS = (
    "CreateLogDelivery",
    "DeleteLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "UpdateLogDelivery",
)


def install(runtime: Runtime) -> None:
    """Check roles when state machines are created or updated, and when a map starts executions."""
    backend = StepFunctionsParserBackend
    replace(backend, "create_state_machine", _creating(runtime, backend.create_state_machine))
    replace(backend, "update_state_machine", _updating(runtime, backend.update_state_machine))
    component = distributed.DistributedIterationComponent
    replace(component, "_map_run", _mapping(runtime, component._map_run))  # noqa: SLF001


def _creating(runtime: Runtime, original: Callable[..., Any]) -> Callable[..., Any]:
    def create_state_machine(
        self: StepFunctionsParserBackend,
        name: str,
        definition: str,
        roleArn: str,  # noqa: N803 - moto's name
        **rest: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        made = original(self, name=name, definition=definition, roleArn=roleArn, **rest)
        try:
            _check(runtime, self, made)
        except ApiError:
            self.delete_state_machine(made.arn)
            raise
        return made

    return create_state_machine


def _updating(runtime: Runtime, original: Callable[..., Any]) -> Callable[..., Any]:
    def update_state_machine(self: StepFunctionsParserBackend, *given: Any, **rest: Any) -> Any:  # noqa: ANN401
        changed = original(self, *given, **rest)
        _check(runtime, self, changed)
        return changed

    return update_state_machine


def _check(runtime: Runtime, backend: StepFunctionsParserBackend, machine: Any) -> None:  # noqa: ANN401
    """Refuse a role that Step Functions can't use, with its message.

    Raises:
        ApiError: ``AccessDeniedException``, or ``InvalidLoggingConfiguration`` if the account has
            no room for another log group.
    """
    place = Place(account=backend.account_id, region=backend.region_name)
    role = machine.roleArn
    ask = partial(_ask, runtime, role, machine.arn)
    try:
        if "sagemaker:createTransformJob.sync" in machine.definition:
            ask(
                _calls(
                    "events", ("PutTargets", "PutRule", "DescribeRule"), place.arn("events", _RULE)
                )
            )
    except DeniedError as error:
        message = f"'{role}' is not authorized to create managed-rule."
        raise ApiError("AccessDeniedException", message) from error
    logs = machine.loggingConfiguration or {}
    try:
        ask(_calls("logs", _LOG_ACTIONS, "*") if logs.get("destinations") else ())
    except DeniedError as error:
        message = "The state machine IAM Role is not authorized to access the Log Destination"
        raise ApiError("AccessDeniedException", message) from error
    log_delivery.deliver(logs, backend.account_id, backend.region_name)


def _ask(runtime: Runtime, role: str, machine: str, calls: Iterable[Call]) -> None:
    try:
        credentials = runtime.sessions.assume(
            role, service=_SERVICE, name="StepFunctions", source_arn=machine
        )
    except CannotAssumeError as error:
        raise ApiError(
            "AccessDeniedException",
            f"Neither the global service principal {_SERVICE}, nor the regional one is authorized "
            "to assume the provided role.",
        ) from error
    runtime.guard.check(runtime.sessions.actor(credentials.access_key), calls)


def _calls(service: str, actions: Iterable[str], resource: str) -> list[Call]:
    return [Call(action=f"{service}:{action}", resource=resource) for action in actions]


def _mapping(runtime: Runtime, original: Callable[..., None]) -> Callable[..., None]:
    def map_run(self: object, env: Environment, eval_input: Any) -> None:  # noqa: ANN401 - moto's
        machine = env.states.context_object.context_object_data["StateMachine"]["Id"]
        child = (
            f"{machine.replace(':stateMachine:', ':execution:')}/{eval_input.label}:{uuid.uuid4()}"
        )
        calls = [
            Call(action="states:StartExecution", resource=machine),
            Call(action="states:DescribeExecution", resource=child),
        ]
        try:
            _ask(runtime, env.aws_execution_details.role_arn, machine, calls)
        except DeniedError as denied:
            raise _failure(env, str(denied)) from denied
        original(self, env=env, eval_input=eval_input)

    return map_run


def _failure(env: Environment, cause: str) -> FailureEventException:
    name = StatesErrorName(StatesErrorNameType.StatesRuntime)
    details = ExecutionFailedEventDetails(error=name.error_name, cause=cause)
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.MapRunFailed,
            event_details=EventDetails(executionFailedEventDetails=details),
        )
    )
