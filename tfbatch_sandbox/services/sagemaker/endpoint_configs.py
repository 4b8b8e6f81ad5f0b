"""Endpoint configurations with all their fields. moto knows few instance types.

CloudFormation's are created here too, so a template is validated like a request.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.sagemaker.models import FakeEndpointConfig, sagemaker_backends

from tfbatch_sandbox.services import constraints
from tfbatch_sandbox.services.cloudformation import resource_names
from tfbatch_sandbox.services.errors import refusal
from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.sagemaker import api, models

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moto.sagemaker.models import SageMakerModelBackend

    from tfbatch_sandbox.services.runtime import Runtime


class EndpointConfig(FakeEndpointConfig):
    """A configuration with its request. moto reads the other attributes."""

    def __init__(self, *, request: Mapping[str, Any], arn: str) -> None:
        self.request = request
        self.arn = self.endpoint_config_arn = arn
        self.endpoint_config_name = request["EndpointConfigName"]
        self.production_variants = request["ProductionVariants"]
        self.tags = list(request.get("Tags", []))
        self.creation_time = datetime.now(UTC)

    @property
    def response_object(self) -> dict[str, Any]:
        """The DescribeEndpointConfig response."""
        shown = {name: value for name, value in self.request.items() if name != "Tags"}
        return shown | {"EndpointConfigArn": self.arn, "CreationTime": self.creation_time}


def install(_runtime: Runtime) -> None:
    """Answer CreateEndpointConfig and related actions, and create CloudFormation's."""
    api.answer(
        {
            "CreateEndpointConfig": create,
            "DescribeEndpointConfig": lambda backend, request: (
                find(backend, request["EndpointConfigName"]).response_object
            ),
            "DeleteEndpointConfig": _delete,
        }
    )
    replace(FakeEndpointConfig, "create_from_cloudformation_json", _create_from_template)
    replace(FakeEndpointConfig, "update_from_cloudformation_json", _replace)


def create(backend: SageMakerModelBackend, request: dict[str, Any]) -> dict[str, Any]:
    """Store a configuration under its name."""
    name = request["EndpointConfigName"]
    arn = _arn(backend, name)
    if name in backend.endpoint_configs:
        raise refusal(f'Cannot create already existing endpoint configuration "{arn}".')
    _check_variants(backend, request["ProductionVariants"])
    backend.endpoint_configs[name] = EndpointConfig(request=request, arn=arn)
    return {"EndpointConfigArn": arn}


def find(backend: SageMakerModelBackend, name: str) -> EndpointConfig:
    """Find a configuration by its name.

    Raises:
        ApiError: it doesn't exist.
    """
    config: EndpointConfig | None = backend.endpoint_configs.get(name)
    if config is None:
        raise refusal(f'Could not find endpoint configuration "{_arn(backend, name)}".')
    return config


def _delete(backend: SageMakerModelBackend, request: Mapping[str, Any]) -> None:
    find(backend, request["EndpointConfigName"])
    del backend.endpoint_configs[request["EndpointConfigName"]]


def _check_variants(backend: SageMakerModelBackend, variants: Sequence[Mapping[str, Any]]) -> None:
    """Refuse variants without a model, with a name twice, or without an instance type."""
    for variant in variants:
        models.describe(backend, variant)
        if "ServerlessConfig" not in variant and not (
            {"InstanceType", "InitialInstanceCount"} <= variant.keys()
        ):
            raise refusal(
                f"Variant {variant['VariantName']} must have InstanceType and "
                "InitialInstanceCount, or a ServerlessConfig."
            )
    ((name, count), *_) = Counter(variant["VariantName"] for variant in variants).most_common(1)
    if count > 1:
        raise refusal(f"The variant name {name} was non-unique within the request.")


def _create_from_template(
    _resource_name: str,
    resource: dict[str, Any],
    account_id: str,
    region: str,
    *,
    LogicalId: str = "EndpointConfig",  # noqa: N803 - moto's name
    **_other: object,
) -> EndpointConfig:
    backend = sagemaker_backends[account_id][region]
    request = {"EndpointConfigName": resource_names.unique(LogicalId)} | resource["Properties"]
    constraints.check("sagemaker", "CreateEndpointConfig", request)
    create(backend, request)
    return find(backend, request["EndpointConfigName"])


def _replace(
    *,
    original_resource: EndpointConfig,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
    **_other: object,
) -> EndpointConfig:
    """A configuration can't be changed: the new one is created before the old one is deleted."""
    made = _create_from_template(
        "",
        cloudformation_json,
        account_id,
        region_name,
        LogicalId=original_resource.logical_resource_id,
    )
    backend = sagemaker_backends[account_id][region_name]
    backend.endpoint_configs.pop(original_resource.endpoint_config_name, None)
    return made


def _arn(backend: SageMakerModelBackend, name: str) -> str:
    return f"arn:aws:sagemaker:{backend.region_name}:{backend.account_id}:endpoint-config/{name}"
