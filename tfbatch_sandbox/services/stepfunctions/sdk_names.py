"""Capitalizes field names of ``aws-sdk`` tasks, as Step Functions does.

Step Functions' own API is an example: ``listExecutions`` takes ``StateMachineArn`` in a state
machine, and ``stateMachineArn`` elsewhere.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore import xform_name
from moto.core.utils import get_service_model
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime

_Task = aws_sdk.StateTaskServiceAwsSdk


def install(_runtime: Runtime) -> None:
    """Convert the names of arguments and results."""
    replace(_Task, "_normalise_parameters", _arguments)
    replace(_Task, "_normalise_response", _result)


def _arguments(task: Any, parameters: Json, *_names: str) -> None:  # noqa: ANN401 - moto's class
    operation = _operation(task)
    if operation is not None and operation.input_shape is not None:
        task._to_boto_request(parameters, operation.input_shape)  # noqa: SLF001 - no public seam


def _result(task: Any, response: Json, *_names: str) -> None:  # noqa: ANN401 - moto's class
    operation = _operation(task)
    if operation is not None and operation.output_shape is not None:
        task._from_boto_response(response, operation.output_shape)  # noqa: SLF001


def _operation(task: Any) -> OperationModel | None:  # noqa: ANN401 - moto's class
    """The task's operation, if its API has lower-case names."""
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
