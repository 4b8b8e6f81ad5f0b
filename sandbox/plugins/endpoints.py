"""Endpoints that answer: moto's are born InService and run nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.sagemaker.models import FakeEndpoint, sagemaker_backends

from sandbox import lifeline
from sandbox.plugins import constraints, endpoint_configs, models, resource_names, sagemaker_api
from sandbox.plugins.endpoint import Endpoint, Fleet
from sandbox.plugins.endpoint_host import Host
from sandbox.plugins.errors import refusal
from sandbox.plugins.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.sagemaker.models import SageMakerModelBackend

    from sandbox.plugins.endpoint_configs import EndpointConfig
    from sandbox.plugins.runtime import Runtime


def install(runtime: Runtime) -> Callable[[], None]:
    """Answer the endpoint actions here, and create CloudFormation's endpoints here.

    Returns:
        What stops every endpoint's processes.
    """
    endpoints = Endpoints(runtime)
    sagemaker_api.answer(
        {
            "CreateEndpoint": endpoints.create,
            "UpdateEndpoint": endpoints.update,
            "DeleteEndpoint": endpoints.delete,
            "DescribeEndpoint": lambda backend, request: (
                find(backend, request["EndpointName"]).response_object
            ),
        }
    )
    replace(FakeEndpoint, "create_from_cloudformation_json", endpoints.create_from_template)
    replace(FakeEndpoint, "update_from_cloudformation_json", endpoints.update_from_template)
    replace(FakeEndpoint, "delete_from_cloudformation_json", endpoints.delete_from_template)
    return endpoints.close


def find(backend: SageMakerModelBackend, name: str) -> Endpoint:
    """An endpoint by its name.

    Raises:
        ApiError: there is none.
    """
    endpoint: Endpoint | None = backend.endpoints.get(name)
    if endpoint is None:
        raise refusal(f'Could not find endpoint "{_arn(backend, name)}".')
    return endpoint


class Endpoints:
    """The endpoints of all regions; moto's backend of a region keeps those of that region."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._all: list[Endpoint] = []

    def create(self, backend: SageMakerModelBackend, request: dict[str, Any]) -> dict[str, Any]:
        """Start an endpoint under its name."""
        config = endpoint_configs.find(backend, request["EndpointConfigName"])
        with self._lock:
            endpoint = self._register(backend, request)
        self._deploy(backend, endpoint, config)
        return {"EndpointArn": endpoint.arn}

    def update(self, backend: SageMakerModelBackend, request: dict[str, Any]) -> dict[str, Any]:
        """Put another configuration in place of an endpoint's, without a gap."""
        endpoint = find(backend, request["EndpointName"])
        config = endpoint_configs.find(backend, request["EndpointConfigName"])
        if endpoint.is_changing:
            raise refusal(f'Cannot update in-progress endpoint "{endpoint.arn}".')
        if endpoint.endpoint_status == "Failed":
            raise refusal(f'Cannot update failed endpoint "{endpoint.arn}". Delete it.')
        self._deploy(backend, endpoint, config)
        return {"EndpointArn": endpoint.arn}

    def delete(self, backend: SageMakerModelBackend, request: Mapping[str, Any]) -> None:
        """End an endpoint; its name is free once its containers have stopped."""
        endpoint = find(backend, request["EndpointName"])
        threading.Thread(target=_remove, args=(backend, endpoint), daemon=True).start()
        endpoint.endpoint_status = "Deleting"

    def close(self) -> None:
        """Stop every process, all at once."""
        with ThreadPoolExecutor() as pool:
            pool.map(Endpoint.stop, self._all)

    def create_from_template(
        self,
        _resource_name: str,
        resource: dict[str, Any],
        account_id: str,
        region: str,
        *,
        LogicalId: str = "Endpoint",  # noqa: N803 - moto's name
        **_other: object,
    ) -> Endpoint:
        """Make an endpoint and wait for it, as CloudFormation does."""
        backend = sagemaker_backends[account_id][region]
        request = {"EndpointName": resource_names.unique(LogicalId)} | _request(resource)
        constraints.check("sagemaker", "CreateEndpoint", request)
        self.create(backend, request)
        return _settled(find(backend, request["EndpointName"]))

    def update_from_template(
        self,
        *,
        original_resource: Endpoint,
        cloudformation_json: dict[str, Any],
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
        """Remove an endpoint by its ARN and wait for its end; one that is gone is fine."""
        backend = sagemaker_backends[account_id][region_name]
        endpoint = backend.endpoints.get(resource_name.rpartition("/")[2])
        if endpoint is not None:
            _remove(backend, endpoint)

    def _register(self, backend: SageMakerModelBackend, request: Mapping[str, Any]) -> Endpoint:
        name, arn = request["EndpointName"], _arn(backend, request["EndpointName"])
        if name in backend.endpoints:
            raise refusal(f'Cannot create already existing endpoint "{arn}".')
        endpoint = Endpoint(name=name, arn=arn, tags=list(request.get("Tags", [])))
        backend.endpoints[name] = endpoint
        self._all.append(endpoint)
        return endpoint

    def _deploy(
        self, backend: SageMakerModelBackend, endpoint: Endpoint, config: EndpointConfig
    ) -> None:
        documents = {
            variant["VariantName"]: {
                "endpoint": endpoint.endpoint_name,
                "variant": variant,
                "model": models.describe(backend, variant),
            }
            for variant in config.production_variants
        }
        spawn = partial(self._spawn, backend.region_name)
        endpoint.deploy(
            lambda: Fleet(
                config=config,
                hosts={name: Host(spawn(each)) for name, each in documents.items()},
            ),
            config,
        )

    def _spawn(self, region: str, document: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        folder = self._runtime.settings.state_dir / "endpoints" / region / document["endpoint"]
        folder.mkdir(parents=True, exist_ok=True)
        # Of its own each time: the host before it answers until this one is healthy.
        directory = Path(tempfile.mkdtemp(dir=folder, prefix=document["variant"]["VariantName"]))
        (directory / "request.json").write_text(json.dumps(document, default=str, indent=2))
        program = self._runtime.settings.model_server
        chosen = {} if program is None else {"SANDBOX_MODEL_SERVER": program}
        with (directory / "host.log").open("wb") as log:
            return lifeline.spawn(
                [sys.executable, "-m", "sandbox.endpoint", str(directory)],
                environment=self._runtime.environment(region) | chosen,
                stdout=subprocess.PIPE,
                stderr=log,
            )


def _request(resource: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("EndpointName", "EndpointConfigName", "DeploymentConfig", "Tags")
    return {name: value for name, value in resource["Properties"].items() if name in kept}


def _settled(endpoint: Endpoint) -> Endpoint:
    """The endpoint when it is in service.

    Raises:
        ApiError: it isn't: with the reason.
    """
    endpoint.settle()
    if endpoint.failure_reason is not None:
        raise refusal(f'Endpoint "{endpoint.arn}" failed: {endpoint.failure_reason}')
    return endpoint


def _remove(backend: SageMakerModelBackend, endpoint: Endpoint) -> None:
    endpoint.stop()
    backend.endpoints.pop(endpoint.endpoint_name, None)


def _arn(backend: SageMakerModelBackend, name: str) -> str:
    return f"arn:aws:sagemaker:{backend.region_name}:{backend.account_id}:endpoint/{name}"
