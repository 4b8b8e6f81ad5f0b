"""Reports an SSM parameter that a template refers to and that doesn't exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.cloudformation.parsing import ResourceMap
from moto.ssm.models import ssm_backends

from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Raise CloudFormation's error, where moto fails with an internal one."""
    original = ResourceMap.parse_ssm_parameter
    replace(ResourceMap, "parse_ssm_parameter", _checked(original))


def _checked(original: Callable[..., Json]) -> Callable[..., Json]:
    def parse(self: ResourceMap, value: str, value_type: str) -> Json:
        backend = ssm_backends[self._account_id][self._region_name]
        if backend.get_parameter(value) is None:
            raise ApiError(
                "ValidationError",
                f"Unable to fetch parameters [{value}] from parameter store for this account.",
            )
        return original(self, value, value_type)

    return parse
