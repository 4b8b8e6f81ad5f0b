"""Corrects moto's ``aws-sdk`` tasks: names of parameters and errors, and JSON results.

- Parameters and results of APIs that use camelCase, such as Step Functions' own, are PascalCase in
  a state machine: ``listExecutions`` takes ``StateMachineArn``.
- Errors have the names of :mod:`error_names`: ``S3.NoSuchKeyException`` for a missing object.
- Streams and times in a result become text.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore import xform_name
from moto.core.utils import get_service_model
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)

from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.stepfunctions import error_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.exceptions import ClientError
    from botocore.model import OperationModel
    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime

_Task = aws_sdk.StateTaskServiceAwsSdk


def install(_runtime: Runtime) -> None:
    """Patch moto's task class."""
    replace(_Task, "_eval_service_task", _with_json_result(_Task._eval_service_task))  # noqa: SLF001 - no public seam
    replace(_Task, "_normalise_parameters", _arguments)
    replace(_Task, "_normalise_response", _result)
    names = staticmethod(error_names.service_name)
    replace(_Task, "_normalise_service_error_name", names)
    replace(_Task, "_normalise_exception_name", staticmethod(_error_name))


def _with_json_result(original: Callable[..., None]) -> Callable[..., None]:
    def evaluate(self: object, env: Environment, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        original(self, env, *arguments, **named)
        env.stack[-1] = _text(env.stack[-1])

    return evaluate


def _text(value: Any) -> Any:  # noqa: ANN401 - of a response, anything
    if hasattr(value, "read"):
        return value.read().decode()
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    if isinstance(value, dict):
        return {name: _text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_text(item) for item in value]
    return value


def _arguments(task: Any, parameters: Json, *_names: str) -> None:  # noqa: ANN401 - moto's class
    operation = _operation(task)
    if operation is not None and operation.input_shape is not None:
        task._to_boto_request(parameters, operation.input_shape)  # noqa: SLF001 - no public seam


def _result(task: Any, response: Json, *_names: str) -> None:  # noqa: ANN401 - moto's class
    operation = _operation(task)
    if operation is not None and operation.output_shape is not None:
        task._from_boto_response(response, operation.output_shape)  # noqa: SLF001


def _operation(task: Any) -> OperationModel | None:  # noqa: ANN401 - moto's class
    """The task's, where the API writes its names with a small letter."""
    return _small(task._get_boto_service_name(), task._get_boto_service_action())  # noqa: SLF001


@cache
def _services() -> frozenset[str]:
    return frozenset(botocore.session.get_session().get_available_services())


@cache
def _small(service: str, action: str) -> OperationModel | None:
    if service not in _services():
        return None
    model = get_service_model(service)
    operation = next(
        (
            model.operation_model(name)
            for name in model.operation_names
            if xform_name(name) == action
        ),
        None,
    )
    members = operation.input_shape.members if operation and operation.input_shape else {}
    return operation if any(name[0].islower() for name in members) else None


def _error_name(service: str, error: ClientError) -> str:
    code = error.response["Error"]["Code"]
    return error_names.of_error(service, error.operation_name, code)
