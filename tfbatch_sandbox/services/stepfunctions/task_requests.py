"""Validates the requests of tasks against the service model, as Step Functions does.

moto's clients send anything, and moto checks few of the constraints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

from tfbatch_sandbox.services import constraints
from tfbatch_sandbox.services.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.client import BaseClient
    from botocore.model import OperationModel

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
