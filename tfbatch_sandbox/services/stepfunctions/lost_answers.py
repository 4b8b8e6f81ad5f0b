"""Handles calls without an answer: names their errors, and reads a Map's items again.

moto lets them end the execution with ``States.Runtime``, which nothing can catch or retry.

Source: Step Functions developer guide, "Handling errors in Step Functions workflows".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_eval_s3 import (  # noqa: E501
    ResourceEvalS3,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (  # noqa: E501
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sns import (  # noqa: E501
    StateTaskServiceSns,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.stepfunctions import error_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.runtime import Runtime


_READS: Final = 4


def install(_runtime: Runtime) -> None:
    """Patch the class of all services' tasks."""
    original = StateTaskService._from_error  # noqa: SLF001 - moto has no public seam

    def from_error(task: Any, env: Environment, ex: Exception) -> FailureEvent:  # noqa: ANN401
        if isinstance(ex, ParamValidationError) or not isinstance(ex, ClientError | BotoCoreError):
            return original(task, env=env, ex=ex)
        code = ex.response["Error"]["Code"] if isinstance(ex, ClientError) else "SdkClientException"
        of_sdk = task.resource.service_name == "aws-sdk"
        service = task.resource.api_name if of_sdk else task.resource.service_name
        return _failure(task, env, f"{error_names.service_name(service)}.{code}", str(ex))

    replace(StateTaskService, "_from_error", from_error)
    for task in (StateTaskServiceAwsSdk, StateTaskServiceSns):
        replace(task, "_from_error", _with_request_id(task._from_error))  # noqa: SLF001
    replace(ResourceEvalS3, "_handle_get_object", staticmethod(_read_again))


def _with_request_id(original: Callable[..., FailureEvent]) -> Callable[..., FailureEvent]:
    """An answer without a body, as to a HEAD request, has no request id for boto3."""

    def from_error(task: Any, env: Environment, ex: Exception) -> FailureEvent:  # noqa: ANN401
        if isinstance(ex, ClientError):
            ex.response["ResponseMetadata"].setdefault("RequestId", "")
        return original(task, env=env, ex=ex)

    return from_error


_read = ResourceEvalS3._handle_get_object  # noqa: SLF001


def _read_again(env: Environment, *arguments: Any) -> None:  # noqa: ANN401 - passed on
    parameters = env.stack[-1]
    for left in reversed(range(_READS)):
        try:
            _read(env, *arguments)
        except BotoCoreError:
            if not left:
                raise
            env.stack.append(parameters)
        else:
            return


def _failure(task: Any, env: Environment, error: str, cause: str) -> FailureEvent:  # noqa: ANN401
    details = TaskFailedEventDetails(
        error=error,
        cause=cause,
        resource=task._get_sfn_resource(),  # noqa: SLF001
        resourceType=task._get_sfn_resource_type(),  # noqa: SLF001
    )
    return FailureEvent(
        env=env,
        error_name=CustomErrorName(error),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(taskFailedEventDetails=details),
    )
