"""Makes scalable targets act on endpoints, which moto doesn't.

A target's bounds apply at once, as on AWS. Policies don't scale, because one container answers for
any number of instances.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.sagemaker.models import sagemaker_backends

from tfbatch_sandbox.services.errors import refusal
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime

NAMESPACE = "sagemaker"


def install(_runtime: Runtime) -> None:
    """Check that targets of SageMaker's namespace are existing endpoints."""
    name = "register_scalable_target"
    original = getattr(ApplicationAutoscalingBackend, name)
    replace(ApplicationAutoscalingBackend, name, _bound(original))


def _bound(original: Callable[..., Any]) -> Callable[..., Any]:
    def register(
        backend: ApplicationAutoscalingBackend,
        namespace: str,
        r_id: str,
        *rest: object,
        **named: Any,  # noqa: ANN401 - moto's
    ) -> Any:  # noqa: ANN401 - moto's
        call = partial(original, backend, namespace, r_id, *rest, **named)
        if namespace != NAMESPACE:
            return call()
        variant = _variant(backend, r_id)
        target = call()
        count = variant.get("DesiredInstanceCount", 1)
        bounded = min(max(count, target.min_capacity), target.max_capacity)
        variant["DesiredInstanceCount"] = variant["CurrentInstanceCount"] = bounded
        return target

    return register


def _variant(backend: ApplicationAutoscalingBackend, resource_id: str) -> dict[str, Any]:
    """The variant of ``endpoint/NAME/variant/NAME``.

    Raises:
        ApiError: it doesn't exist.
    """
    parts = resource_id.split("/")
    endpoints = sagemaker_backends[backend.account_id][backend.region_name].endpoints
    endpoint = endpoints.get(parts[1]) if len(parts) == 4 else None  # noqa: PLR2004 - as above
    variants = endpoint.production_variants if endpoint else []
    found: dict[str, Any] | None = next(
        (each for each in variants if each["VariantName"] == parts[-1]), None
    )
    if found is None:
        raise refusal(f"No scalable target exists at {resource_id}: no such endpoint or variant.")
    return found
