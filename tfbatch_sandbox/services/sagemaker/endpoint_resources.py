"""CloudFormation's endpoints: waits until they are in service, or reports why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.sagemaker.models import FakeEndpoint, SageMakerModelBackend, sagemaker_backends

from tfbatch_sandbox.services import constraints
from tfbatch_sandbox.services.cloudformation import resource_names
from tfbatch_sandbox.services.errors import refusal
from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.sagemaker.endpoint import Endpoint

if TYPE_CHECKING:
    from tfbatch_sandbox.services.sagemaker import api

    Resource = Mapping[str, Any]

Remove = Callable[[SageMakerModelBackend, Endpoint], None]
_OF_THE_API = ("EndpointName", "EndpointConfigName", "DeploymentConfig", "Tags")


def install(create: api.Action, update: api.Action, remove: Remove) -> None:
    """Make moto's CloudFormation create endpoints with these functions."""
    made = _Maker(create=create, update=update, remove=remove)
    replace(FakeEndpoint, "create_from_cloudformation_json", made.create_from_template)
    replace(FakeEndpoint, "update_from_cloudformation_json", made.update_from_template)
    replace(FakeEndpoint, "delete_from_cloudformation_json", made.delete_from_template)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    create: api.Action
    update: api.Action
    remove: Remove

    def create_from_template(
        self,
        _resource_name: str,
        resource: Resource,
        account_id: str,
        region: str,
        *,
        LogicalId: str = "Endpoint",  # noqa: N803 - moto's name
        **_other: object,
    ) -> Endpoint:
        """Create an endpoint and wait for it. A failed one is deleted."""
        backend = sagemaker_backends[account_id][region]
        request = {"EndpointName": resource_names.unique(LogicalId)} | _request(resource)
        constraints.check("sagemaker", "CreateEndpoint", request)
        self.create(backend, request)
        endpoint = backend.endpoints[request["EndpointName"]]
        try:
            return _settled(endpoint)
        except Exception:
            self.remove(backend, endpoint)
            raise

    def update_from_template(
        self,
        *,
        original_resource: Endpoint,
        cloudformation_json: Resource,
        account_id: str,
        region_name: str,
        **_other: object,
    ) -> Endpoint:
        """Update an endpoint and wait for it."""
        request = _request(cloudformation_json) | {"EndpointName": original_resource.endpoint_name}
        self.update(sagemaker_backends[account_id][region_name], request)
        return _settled(original_resource)

    def delete_from_template(
        self, resource_name: str, _resource: object, account_id: str, region_name: str
    ) -> None:
        """Delete an endpoint by its ARN and wait. A missing one is ignored."""
        backend = sagemaker_backends[account_id][region_name]
        endpoint = backend.endpoints.get(resource_name.rpartition("/")[2])
        if endpoint is not None:
            self.remove(backend, endpoint)


def _request(resource: Resource) -> dict[str, Any]:
    properties = resource["Properties"].items()
    return {name: value for name, value in properties if name in _OF_THE_API}


def _settled(endpoint: Endpoint) -> Endpoint:
    """The endpoint when it is in service.

    Raises:
        ApiError: it failed, with the reason.
    """
    endpoint.settle()
    if endpoint.failure_reason is not None:
        raise refusal(f'Endpoint "{endpoint.arn}" failed: {endpoint.failure_reason}')
    return endpoint
