"""Makes tasks call AWS with the state machine's role.

It also caches clients. moto makes one for every task, through a session that threads share although
it isn't thread-safe.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import moto.stepfunctions.parser.asl.component.state.exec as tasks
from botocore.config import Config
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSeconds
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from tfbatch_sandbox.services import constraints
from tfbatch_sandbox.services.clients import Clients
from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace
from tfbatch_sandbox.services.stepfunctions import sagemaker_sync

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.client import BaseClient
    from botocore.model import OperationModel
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import (
        StateCredentials,
    )

    from tfbatch_sandbox.authorization.sessions import Sessions
    from tfbatch_sandbox.services.runtime import Runtime

EVENT = "provide-client-params"
"""botocore's event with the parameters of a call, before they are serialized."""

_CHECKED_THERE = frozenset({"sagemaker"})
"""Services that the sandbox validates itself, with AWS's messages."""


def watch(client: BaseClient) -> BaseClient:
    """Validate all requests of a client."""
    client.meta.events.register(EVENT, _check)
    return client


def _check(*, params: Mapping[str, Any], model: OperationModel, **_: object) -> None:
    """Refuse parameters that break the model: types, members, lengths, patterns, enumerations.

    Raises:
        ParamValidationError: names each; the task fails with ``States.Runtime``.
    """
    if model.input_shape is None:
        return
    report = ParamValidator().validate(params, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    service = model.service_model.service_name
    if service in _CHECKED_THERE:
        return
    try:
        constraints.check(service, model.name, dict(params))
    except ApiError as error:
        raise ParamValidationError(report=error.message) from None


_NAME = "boto_client_for"
_SERVICE = "states.amazonaws.com"


_CONFIG = Config(
    parameter_validation=False,
    retries={"max_attempts": 0, "total_max_attempts": 1},
    connect_timeout=TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS,
    read_timeout=TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS,
    max_pool_connections=64,
)


@dataclass(frozen=True, slots=True)
class RoleClients:
    """Clients by service, region and role."""

    sessions: Sessions
    clients: Clients

    def get(
        self, region: str, service: str, state_credentials: StateCredentials | None = None
    ) -> BaseClient:
        """The client of a task, with moto's signature.

        Raises:
            CannotAssumeError: the role doesn't exist or doesn't trust Step Functions.
        """
        role = state_credentials.role_arn if state_credentials else ""
        credentials = self.sessions.assume(
            role, service=_SERVICE, name="StepFunctions", source_arn=_machine_of(role, region)
        )
        client: BaseClient = self.clients.get(service, region, credentials)
        return client


def _machine_of(role: str, region: str) -> str:
    """A state machine with this role. moto doesn't say which one calls."""
    machines = stepfunctions_parser_backends[role.split(":")[4]][region].state_machines
    return next((machine.arn for machine in machines if machine.roleArn == role), "")


def install(runtime: Runtime) -> None:
    """Replace moto's function wherever it was imported."""
    made = Clients(runtime.endpoint_url, runtime.loopback, _CONFIG, prepare=watch)
    clients = RoleClients(runtime.sessions, made)
    found = pkgutil.walk_packages(tasks.__path__, f"{tasks.__name__}.")
    for module in (
        boto_client,
        sagemaker_sync,
        *(importlib.import_module(one.name) for one in found),
    ):
        if hasattr(module, _NAME):
            replace(module, _NAME, clients.get)
