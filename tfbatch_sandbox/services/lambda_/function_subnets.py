"""Functions are in subnets that their account may use. moto takes any.

The message is AWS's; public reports show it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaBackend

from tfbatch_sandbox.authorization import subnets
from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Refuse functions in other subnets."""
    original = LambdaBackend.create_function
    replace(LambdaBackend, "create_function", _in_usable_subnets(original))


def _in_usable_subnets(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_function(backend: LambdaBackend, spec: Mapping[str, Any]) -> object:
        for subnet in (spec.get("VpcConfig") or {}).get("SubnetIds", []):
            if subnets.find(subnet, backend.account_id, backend.region_name) is None:
                raise ApiError(
                    "InvalidParameterValueException",
                    "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID."
                    f"NotFound. EC2 Error Message: The subnet ID '{subnet}' does not exist",
                )
        return original(backend, spec)

    return create_function
