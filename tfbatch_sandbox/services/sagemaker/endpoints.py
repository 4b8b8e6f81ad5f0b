"""Endpoints that run containers. moto's are InService at once and run nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbatch_sandbox.authorization.network import Attachment
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.services.errors import refusal
from tfbatch_sandbox.services.sagemaker import (
    api,
    endpoint_configs,
    endpoint_resources,
    execution_roles,
    models,
)
from tfbatch_sandbox.services.sagemaker.endpoint import Endpoint, Fleet
from tfbatch_sandbox.services.sagemaker.endpoint_host import Host
from tfbatch_sandbox.services.state_folders import below, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.sagemaker.models import SageMakerModelBackend

    from tfbatch_sandbox.authorization.sessions import Credentials
    from tfbatch_sandbox.services.runtime import Runtime
    from tfbatch_sandbox.services.sagemaker.endpoint_configs import EndpointConfig


def install(runtime: Runtime) -> Callable[[], None]:
    """Answer the endpoint actions, and create CloudFormation's endpoints.

    Returns:
        A function that stops every endpoint's processes.
    """
    endpoints = Endpoints(runtime)
    api.answer(
        {
            "CreateEndpoint": endpoints.create,
            "UpdateEndpoint": endpoints.update,
            "DeleteEndpoint": endpoints.delete,
            "DescribeEndpoint": lambda backend, request: (
                find(backend, request["EndpointName"]).response_object
            ),
        }
    )
    endpoint_resources.install(endpoints.create, endpoints.update, remove)
    return endpoints.close


def find(backend: SageMakerModelBackend, name: str) -> Endpoint:
    """Find an endpoint by its name.

    Raises:
        ApiError: it doesn't exist.
    """
    endpoint: Endpoint | None = backend.endpoints.get(name)
    if endpoint is None:
        raise refusal(f'Could not find endpoint "{_arn(backend, name)}".')
    return endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The input of a variant's process."""

    document: Mapping[str, Any]
    role: Credentials


class Endpoints:
    """The endpoints of all regions. moto's backends store those of each region."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._all: list[Endpoint] = []

    def create(self, backend: SageMakerModelBackend, request: dict[str, Any]) -> dict[str, Any]:
        """Create an endpoint under its name."""
        config = endpoint_configs.find(backend, request["EndpointConfigName"])
        plans = self._plan(backend, request["EndpointName"], config)
        with self._lock:
            endpoint = self._register(backend, request)
        self._deploy(backend, endpoint, config, plans)
        return {"EndpointArn": endpoint.arn}

    def update(self, backend: SageMakerModelBackend, request: dict[str, Any]) -> dict[str, Any]:
        """Switch an endpoint to another configuration without downtime."""
        endpoint = find(backend, request["EndpointName"])
        config = endpoint_configs.find(backend, request["EndpointConfigName"])
        if endpoint.is_changing:
            raise refusal(f'Cannot update in-progress endpoint "{endpoint.arn}".')
        if endpoint.endpoint_status == "Failed":
            raise refusal(f'Cannot update failed endpoint "{endpoint.arn}". Delete it.')
        plans = self._plan(backend, request["EndpointName"], config)
        self._deploy(backend, endpoint, config, plans)
        return {"EndpointArn": endpoint.arn}

    def delete(self, backend: SageMakerModelBackend, request: Mapping[str, Any]) -> None:
        """Delete an endpoint. Its name is free once its containers have stopped."""
        endpoint = find(backend, request["EndpointName"])
        threading.Thread(target=remove, args=(backend, endpoint), daemon=True).start()
        endpoint.endpoint_status = "Deleting"

    def close(self) -> None:
        """Stop all processes at once."""
        with ThreadPoolExecutor() as pool:
            pool.map(Endpoint.stop, self._all)

    def _register(self, backend: SageMakerModelBackend, request: Mapping[str, Any]) -> Endpoint:
        name, arn = request["EndpointName"], _arn(backend, request["EndpointName"])
        if name in backend.endpoints:
            raise refusal(f'Cannot create already existing endpoint "{arn}".')
        endpoint = Endpoint(name=name, arn=arn, tags=list(request.get("Tags", [])))
        backend.endpoints[name] = endpoint
        self._all.append(endpoint)
        return endpoint

    def _plan(
        self, backend: SageMakerModelBackend, name: str, config: EndpointConfig
    ) -> dict[str, Plan]:
        """The input of each variant's process, and its role.

        Raises:
            ApiError: a model is missing, or SageMaker can't assume its role.
        """
        plans = {}
        for variant in config.production_variants:
            model = models.describe(backend, variant)
            role = execution_roles.assume(
                self._runtime,
                model["ExecutionRoleArn"],
                source_arn=_arn(backend, name),
                attachment=Attachment.of(model.get("VpcConfig"), backend.region_name, "s3"),
            )
            document = {"endpoint": name, "variant": variant, "model": model}
            plans[variant["VariantName"]] = Plan(document=document, role=role)
        return plans

    def _deploy(
        self,
        backend: SageMakerModelBackend,
        endpoint: Endpoint,
        config: EndpointConfig,
        plans: Mapping[str, Plan],
    ) -> None:
        spawn = partial(self._spawn, backend.region_name)
        endpoint.deploy(
            lambda: Fleet(
                config=config, hosts={name: Host(spawn(plan)) for name, plan in plans.items()}
            ),
            config,
        )

    def _spawn(self, region: str, plan: Plan) -> supervision.Process:
        document = plan.document
        state_dir = self._runtime.settings.state_dir
        folder = below(state_dir / "endpoints", region, document["endpoint"])
        folder.mkdir(parents=True, exist_ok=True)
        # A new folder each time: the old host answers until the new one is healthy.
        prefix = checked(document["variant"]["VariantName"])
        directory = Path(tempfile.mkdtemp(dir=folder, prefix=prefix))
        (directory / "request.json").write_text(json.dumps(document, default=str, indent=2))
        chosen = self._runtime.container_environment()
        with (directory / "host.log").open("wb") as log:
            return supervision.spawn(
                [sys.executable, "-m", "tfbatch_sandbox.endpoint", str(directory)],
                environment=self._runtime.environment(region, plan.role) | chosen,
                stdout=subprocess.PIPE,
                stderr=log,
            )


def remove(backend: SageMakerModelBackend, endpoint: Endpoint) -> None:
    """End an endpoint and drop it."""
    endpoint.stop()
    backend.endpoints.pop(endpoint.endpoint_name, None)


def _arn(backend: SageMakerModelBackend, name: str) -> str:
    return f"arn:aws:sagemaker:{backend.region_name}:{backend.account_id}:endpoint/{name}"
