"""Corrects moto's VPC resources in templates.

- A subnet is associated with its route table. moto only notes it.
- A changed policy reaches its VPC endpoint. moto doesn't update endpoints.
- Route tables are deleted with their stack. moto leaves them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.vpcs import VPCEndPoint

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Give moto's classes what CloudFormation needs."""
    RouteTable.delete = _delete
    VPCEndPoint.update_from_cloudformation_json = _update
    original = EC2Backend.create_subnet_association
    replace(EC2Backend, "create_subnet_association", _associating(original))


def _delete(table: RouteTable, account_id: str, region: str) -> None:
    table._associations.clear()  # noqa: SLF001 - else it is in use
    ec2_backends[account_id][region].delete_route_table(table.id)


def _associating(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_subnet_association(
        backend: EC2Backend, route_table_id: str, subnet_id: str
    ) -> object:
        backend.associate_route_table(route_table_id, subnet_id=subnet_id)
        return original(backend, route_table_id, subnet_id)

    return create_subnet_association


def _update(*, original_resource: VPCEndPoint, cloudformation_json: Json, **_: object) -> object:
    properties = cloudformation_json["Properties"]
    original_resource.policy_document = properties.get("PolicyDocument")
    original_resource.route_table_ids = properties.get("RouteTableIds")
    return original_resource
