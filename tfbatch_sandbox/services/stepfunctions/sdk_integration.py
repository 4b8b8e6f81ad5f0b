"""Corrects moto's ``aws-sdk`` tasks: names of parameters and errors, and JSON results.

- Parameters and results of APIs that use camelCase, such as Step Functions' own, are PascalCase in
  a state machine: ``listExecutions`` takes ``StateMachineArn``.
- Errors are named as in the AWS SDK for Java: ``S3.NoSuchKeyException`` for a missing object.
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.exceptions import ClientError
    from botocore.model import OperationModel
    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime

_Task = aws_sdk.StateTaskServiceAwsSdk
SERVICE_NAMES = {
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "dynamodb": "DynamoDb",
    "eventbridge": "EventBridge",
    "lambda": "Lambda",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "servicequotas": "ServiceQuotas",
    "sfn": "Sfn",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "sts": "Sts",
}
_OF_HEAD = {"HeadBucket": "NoSuchBucketException", "HeadObject": "NoSuchKeyException"}
"""Error names for HEAD requests. Their responses have no body, so botocore has only a 404."""


def install(_runtime: Runtime) -> None:
    """Patch moto's task class."""
    replace(_Task, "_eval_service_task", _with_json_result(_Task._eval_service_task))  # noqa: SLF001 - no public seam
    replace(_Task, "_normalise_parameters", _arguments)
    replace(_Task, "_normalise_response", _result)
    replace(aws_sdk, "_SERVICE_ERROR_NAMES", SERVICE_NAMES)
    name = staticmethod(_namer(_Task._normalise_exception_name))  # noqa: SLF001
    replace(_Task, "_normalise_exception_name", name)


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


def _namer(original: Callable[[str, ClientError], str]) -> Callable[[str, ClientError], str]:
    def name(service: str, error: ClientError) -> str:
        if error.response["Error"]["Code"] == "404" and error.operation_name in _OF_HEAD:
            return f"{service}.{_OF_HEAD[error.operation_name]}"
        return original(service, error)

    return name
