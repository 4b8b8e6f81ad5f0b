"""Deletes route tables with their stack; moto leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.ec2.models import ec2_backends
from moto.ec2.models.route_tables import RouteTable

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Give route tables the method that moto calls when a stack is deleted."""
    RouteTable.delete = _delete


def _delete(table: RouteTable, account_id: str, region: str) -> None:
    table._associations.clear()  # noqa: SLF001 - else it is in use
    ec2_backends[account_id][region].delete_route_table(table.id)
