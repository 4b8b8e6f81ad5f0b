"""Replaces moto's SageMaker actions, and validates their requests first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from tfbatch_sandbox.services import constraints

Action = Callable[[SageMakerModelBackend, dict[str, Any]], Mapping[str, Any] | None]
"""Takes a region's backend and a valid request, and returns the response."""


def answer(actions: Mapping[str, Action]) -> None:
    """Answer each operation, by its name in the service model, with its action."""
    for operation, action in actions.items():
        setattr(SageMakerResponse, _snake(operation), _handler(operation, action))


def _handler(operation: str, action: Action) -> Callable[[SageMakerResponse], ActionResult]:
    def handle(response: SageMakerResponse) -> ActionResult:
        request = json.loads(response.body or "{}")
        constraints.check("sagemaker", operation, request)
        result = action(response.sagemaker_backend, request)
        return EmptyResult() if result is None else ActionResult(result)

    return handle


def _snake(operation: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)[1:]
