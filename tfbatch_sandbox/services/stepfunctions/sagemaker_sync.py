"""The integration ``sagemaker:createTransformJob.sync``, which moto lacks.

Step Functions tags the job, waits for its end, returns its description, and stops it if the state
ends first.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
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
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (  # noqa: E501
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
    from moto.stepfunctions.parser.asl.component.state.state_props import StateProps
    from moto.stepfunctions.parser.asl.eval.environment import Environment

    from tfbatch_sandbox.services.runtime import Runtime

# The parameters that the Step Functions developer guide lists for this integration.
PARAMETERS = frozenset(
    {
        "BatchStrategy",
        "Environment",
        "MaxConcurrentTransforms",
        "MaxPayloadInMB",
        "ModelName",
        "Tags",
        "TransformInput",
        "TransformJobName",
        "TransformOutput",
        "TransformResources",
    }
)
_MANAGED_TAG = {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
_ENDED = frozenset({"Completed", "Failed", "Stopped"})


def install(_runtime: Runtime) -> None:
    """Handle transform job tasks with :class:`CreateTransformJobTask`."""
    original = state_task_factory.state_task_service_for

    def state_task_service_for(service_name: str) -> Any:  # noqa: ANN401 - moto's own classes
        if service_name == "sagemaker":
            return CreateTransformJobTask()
        return original(service_name=service_name)

    replace(state_task_factory, "state_task_service_for", state_task_service_for)


class CreateTransformJobTask(StateTaskServiceCallback):
    """A task state that creates a transform job and, with ``.sync``, waits for its end."""

    def __init__(self) -> None:
        # Callbacks aren't supported, but moto's base class needs an endpoint for them in every task
        # that waits, which exists only if they are declared.
        super().__init__(
            supported_integration_patterns={
                ResourceCondition.Sync,
                ResourceCondition.WaitForTaskToken,
            }
        )

    def from_state_props(self, state_props: StateProps) -> None:
        """Refuse in the definition what AWS refuses."""
        super().from_state_props(state_props)
        arn = self.resource.resource_arn
        if (
            self.resource.api_action != "createTransformJob"
            or self.resource.condition == ResourceCondition.WaitForTaskToken
        ):
            raise ValueError(f"The resource provided {arn} is not recognized.")
        for name in _declared(self.parargs):
            if name not in PARAMETERS:
                raise ValueError(f'The field "{name}" is not supported by Step Functions')

    def _get_supported_parameters(self) -> set[str]:
        return set(PARAMETERS)

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: Any,  # noqa: ANN401 - moto's class
        normalised_parameters: dict[str, Any],
        state_credentials: Any,  # noqa: ANN401 - moto's class
    ) -> None:
        client = boto_client_for(
            service="sagemaker",
            region=resource_runtime_part.region,
            state_credentials=state_credentials,
        )
        tags = [*normalised_parameters.get("Tags", []), _MANAGED_TAG]
        response = client.create_transform_job(**normalised_parameters | {"Tags": tags})
        response.pop("ResponseMetadata")
        env.stack.append(response)

    def _build_sync_resolver(
        self,
        env: Environment,
        resource_runtime_part: Any,  # noqa: ANN401 - moto's class
        normalised_parameters: dict[str, Any],
        state_credentials: Any,  # noqa: ANN401 - moto's class
    ) -> Callable[[], dict[str, Any] | None]:
        env.stack.pop()
        client = boto_client_for(
            service="sagemaker",
            region=resource_runtime_part.region,
            state_credentials=state_credentials,
        )
        name = normalised_parameters["TransformJobName"]

        def resolve() -> dict[str, Any] | None:
            job = client.describe_transform_job(TransformJobName=name)
            if job["TransformJobStatus"] not in _ENDED:
                return None
            job.pop("ResponseMetadata")
            output = _with_milliseconds(job)
            if job["TransformJobStatus"] == "Completed":
                return output
            failed = StatesErrorName(StatesErrorNameType.StatesTaskFailed)
            raise FailureEventException(
                self._failure(env, failed, to_json_str(output, separators=(",", ":")))
            )

        # The items of a Map share this object: what belongs to one evaluation is not kept in it.
        resolve.stop = partial(_stop_job, client, name)  # type: ignore[attr-defined]
        return resolve

    def _eval_sync(self, env: Environment, **arguments: Any) -> Any:  # noqa: ANN401 - moto's
        # Nothing calls back: with the endpoint, moto would return its time-out as the outcome.
        arguments |= {"callback_endpoint": None}
        outcome = super()._eval_sync(env=env, **arguments)
        if outcome is None:  # stopped or timed out while the job ran
            arguments["sync_resolver"].stop()
        return outcome

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if not isinstance(ex, ClientError):
            return super()._from_error(env=env, ex=ex)
        error, metadata = ex.response["Error"], ex.response["ResponseMetadata"]
        cause = (
            f"{error['Message']} (Service: AmazonSageMaker; "
            f"Status Code: {metadata['HTTPStatusCode']}; Error Code: {error['Code']}; "
            f"Request ID: {metadata.get('RequestId')}; Proxy: null)"
        )
        return self._failure(env, CustomErrorName("SageMaker.AmazonSageMakerException"), cause)

    def _failure(self, env: Environment, error: ErrorName, cause: str) -> FailureEvent:
        details = TaskFailedEventDetails(
            error=error.error_name,
            cause=cause,
            resource=self._get_sfn_resource(),
            resourceType=self._get_sfn_resource_type(),
        )
        return FailureEvent(
            env=env,
            error_name=error,
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )


def _stop_job(client: Any, name: str) -> None:  # noqa: ANN401 - of SageMaker
    try:
        client.stop_transform_job(TransformJobName=name)
    except ClientError:  # it has ended meanwhile
        return


def _with_milliseconds(job: dict[str, Any]) -> dict[str, Any]:
    """Convert times to Step Functions' form: whole milliseconds since 1970."""
    return {
        name: int(value.timestamp() * 1000) if isinstance(value, datetime) else value
        for name, value in job.items()
    }


def _declared(parargs: Any) -> list[str]:  # noqa: ANN401 - moto's class
    """The names that Arguments or Parameters contain; none if an expression makes them."""
    template = getattr(parargs, "template_eval_component", None)
    bindings = getattr(template, "bindings", getattr(template, "payload_bindings", []))
    names = (getattr(each, "identifier", None) or getattr(each, "field", "") for each in bindings)
    return [name.removesuffix(".$") for name in names if name]
