"""Deletes VPC endpoints.

moto keeps a deleted endpoint, answers 500 for one whose creation named no type, and looks for a
route that it adds only where the account has the service's prefix list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.ec2.models import EC2Backend

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moto.ec2.models.vpcs import VPCEndPoint

    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Delete endpoints with their interfaces and routes."""
    replace(EC2Backend, "delete_vpc_endpoints", _delete)


def _delete(backend: EC2Backend, vpce_ids: Sequence[str] | None = None) -> None:
    for name in vpce_ids or ():
        endpoint = backend.vpc_end_points.pop(name, None)
        if endpoint is None:
            continue
        for interface in endpoint.network_interface_ids:
            backend.enis.pop(interface, None)
        if endpoint.destination_prefix_list_id:
            _delete_routes(backend, endpoint)


def _delete_routes(backend: EC2Backend, endpoint: VPCEndPoint) -> None:
    for table in endpoint.route_table_ids:
        backend.delete_route(
            table, None, destination_prefix_list_id=endpoint.destination_prefix_list_id
        )
