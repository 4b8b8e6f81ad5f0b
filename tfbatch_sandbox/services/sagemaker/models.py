"""SageMaker models with all their fields, validated. moto drops some.

CloudFormation's are created here too, so a template is validated like a request.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.sagemaker.models import Model as MotoModel
from moto.sagemaker.models import sagemaker_backends

from tfbatch_sandbox.services import constraints
from tfbatch_sandbox.services.cloudformation import resource_names
from tfbatch_sandbox.services.errors import refusal
from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.s3 import uri
from tfbatch_sandbox.services.sagemaker import api, execution_roles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.sagemaker.models import SageMakerModelBackend

    from tfbatch_sandbox.services.runtime import Runtime


class Model(MotoModel):
    """A model with its CreateModel request. moto reads the attributes."""

    def __init__(self, *, request: Mapping[str, Any], arn: str) -> None:
        self.request = request
        self.arn = arn
        self.model_name = request["ModelName"]
        self.tags = list(request.get("Tags", []))
        self.creation_time = datetime.now(UTC)

    @property
    def response_object(self) -> dict[str, Any]:
        """The DescribeModel response."""
        shown = {name: value for name, value in self.request.items() if name != "Tags"}
        fixed = {"ModelArn": self.arn, "CreationTime": self.creation_time}
        return {"EnableNetworkIsolation": False} | shown | fixed


def install(runtime: Runtime) -> None:
    """Answer the model actions, and create CloudFormation's models."""
    api.answer({"CreateModel": partial(create, runtime), "DescribeModel": describe})
    create_from_template = partial(_create_from_template, runtime)
    replace(MotoModel, "create_from_cloudformation_json", create_from_template)
    replace(MotoModel, "update_from_cloudformation_json", partial(_replace, runtime))


def create(
    runtime: Runtime, backend: SageMakerModelBackend, request: dict[str, Any]
) -> dict[str, Any]:
    """Store a model under its name."""
    name, arn = request["ModelName"], _arn(backend, request["ModelName"])
    if name in backend._models:  # noqa: SLF001 - moto has no public seam here
        raise refusal(f'Cannot create already existing model "{arn}".')
    containers = [request.get("PrimaryContainer"), *request.get("Containers", [])]
    for container in containers:
        if container and "ModelDataUrl" in container:
            _check_data(runtime, backend.region_name, request["ExecutionRoleArn"], container)
    backend._models[name] = Model(request=request, arn=arn)  # noqa: SLF001
    return {"ModelArn": arn}


def describe(backend: SageMakerModelBackend, request: Mapping[str, Any]) -> dict[str, Any]:
    """All fields of a model.

    Raises:
        ApiError: it doesn't exist.
    """
    model = backend._models.get(request["ModelName"])  # noqa: SLF001
    if model is None:
        raise refusal(f'Could not find model "{_arn(backend, request["ModelName"])}".')
    return model.response_object


def _check_data(runtime: Runtime, region: str, role_arn: str, container: Mapping[str, Any]) -> None:
    """Refuse a model whose role can't read its artifact."""
    url = container["ModelDataUrl"]
    bucket, key = uri.split(url)
    s3 = runtime.clients.get("s3", region, execution_roles.assume(runtime, role_arn))
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            raise refusal(f"Could not find model data at {url}.") from error
        raise refusal(
            f'Could not access model data at {url}. Please ensure that the role "{role_arn}" '
            "exists and that its trust relationship policy allows the action "
            '"sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure '
            'that the role has "s3:GetObject" permissions and that the object is located in '
            f"{region}."
        ) from error


def _create_from_template(
    runtime: Runtime,
    _resource_name: str,
    resource: dict[str, Any],
    account_id: str,
    region: str,
    *,
    LogicalId: str = "Model",  # noqa: N803 - moto's name
    **_other: object,
) -> Model:
    backend = sagemaker_backends[account_id][region]
    request = {"ModelName": resource_names.unique(LogicalId)} | resource["Properties"]
    constraints.check("sagemaker", "CreateModel", request)
    create(runtime, backend, request)
    model: Model = backend._models[request["ModelName"]]  # noqa: SLF001
    return model


def _replace(
    runtime: Runtime,
    *,
    original_resource: Model,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
    **_other: object,
) -> Model:
    """A model can't be changed: the new one is created before the old one is deleted.

    ``UpdateReplacePolicy`` may keep the old one.
    """
    made = _create_from_template(
        runtime,
        "",
        cloudformation_json,
        account_id,
        region_name,
        LogicalId=original_resource.logical_resource_id,
    )
    if cloudformation_json.get("UpdateReplacePolicy") != "Retain":
        sagemaker_backends[account_id][region_name].delete_model(original_resource.model_name)
    return made


def _arn(backend: SageMakerModelBackend, name: str) -> str:
    return f"arn:aws:sagemaker:{backend.region_name}:{backend.account_id}:model/{name}"
