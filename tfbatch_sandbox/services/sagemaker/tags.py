"""Tags of a resource of any region: the ARN says which, not where it is asked.

moto looks in the region of the request, and breaks if the resource isn't there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends

from tfbatch_sandbox.services.errors import refusal
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime

_PARTS = 6


def install(_runtime: Runtime) -> None:
    """Find the resources of AddTags, DeleteTags and ListTags by their ARNs."""
    find = SageMakerModelBackend._get_resource_from_arn  # noqa: SLF001 - moto has no public seam
    replace(SageMakerModelBackend, "_get_resource_from_arn", _anywhere(find))


def _anywhere(find: Callable[[SageMakerModelBackend, str], Any]) -> Callable[..., Any]:
    def find_resource(backend: SageMakerModelBackend, arn: str) -> Any:  # noqa: ANN401 - moto's
        parts, found = arn.split(":", _PARTS - 1) if isinstance(arn, str) else [], None
        if len(parts) == _PARTS and parts[2] == "sagemaker" and parts[5].count("/") == 1:
            owner = sagemaker_backends[backend.account_id][parts[3] or backend.region_name]
            try:
                found = find(owner, arn)
            except AttributeError:  # a kind of resource that moto doesn't have
                found = None
        if found is None:
            raise refusal(f"Could not find the resource {arn}.")
        return found

    return find_resource
