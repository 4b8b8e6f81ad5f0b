"""What an account may do in a VPC whose subnets another account shares with it.

It creates security groups there, and no VPC endpoints. Without a share it doesn't find the VPC.
moto doesn't look. Source: VPC user guide, "Responsibilities and permissions for owners and
participants". Public reports of failed deployments show the endpoint's message, without its code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import EC2ClientError, InvalidVPCIdError
from moto.ec2.models import EC2Backend

from tfbatch_sandbox.authorization import subnets
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Look for VPCs in the account that owns them."""
    group = EC2Backend.create_security_group
    replace(EC2Backend, "create_security_group", _in_usable_vpc(group))
    endpoint = EC2Backend.create_vpc_endpoint
    replace(EC2Backend, "create_vpc_endpoint", _in_own_vpc(endpoint))


def _in_usable_vpc(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_security_group(
        backend: EC2Backend,
        name: str,
        description: str,
        vpc_id: str | None = None,
        **more: Any,  # noqa: ANN401 - moto's
    ) -> object:
        if vpc_id and vpc_id not in backend.vpcs and not _is_shared(backend, vpc_id):
            raise InvalidVPCIdError(vpc_id)
        return original(backend, name, description, vpc_id=vpc_id, **more)

    return create_security_group


def _in_own_vpc(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_vpc_endpoint(backend: EC2Backend, vpc_id: str, *given: Any, **more: Any) -> object:  # noqa: ANN401
        if vpc_id not in backend.vpcs and _is_shared(backend, vpc_id):
            message = "This operation does not support shared VPCs."
            raise EC2ClientError("UnauthorizedOperation", message)
        return original(backend, vpc_id, *given, **more)

    return create_vpc_endpoint


def _is_shared(backend: EC2Backend, vpc: str) -> bool:
    """Whether an account may use a subnet of a VPC."""
    found = subnets.usable(backend.account_id, backend.region_name)
    return any(subnet.vpc_id == vpc for subnet in found)
