"""The subnets that an account may use: its own, and those that another account shares with it.

Source: VPC user guide, "Share your VPC subnets with other accounts". The sandbox knows shares with
account numbers; it has no organizations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# ruff: noqa: PLC0415 # moto's EC2 takes a second to import, and only callers in a VPC need it

_ACTIVE: Final = "ACTIVE"


def usable(account: str, region: str) -> Iterator[Any]:
    """The subnets that an account may use; ``ec2_backend`` of each is its owner's."""
    from moto.ec2.models import ec2_backends

    for owner, regions in list(ec2_backends.items()):
        shared = frozenset[str]() if owner == account else _shared(owner, account, region)
        for subnet in regions[region].describe_subnets():
            if owner == account or subnet.arn in shared:
                yield subnet


def find(subnet: str, account: str, region: str) -> Any | None:  # noqa: ANN401 - moto's
    """A subnet that an account may use, by its id; ``None``: there is none."""
    return next((one for one in usable(account, region) if one.id == subnet), None)


def _shared(owner: str, account: str, region: str) -> frozenset[str]:
    """The ARNs of what one account shares with another."""
    from moto.ram.models import ram_backends

    shares = ram_backends[owner][region].resource_shares
    given = (one for one in shares if one.status == _ACTIVE and account in one.principals)
    return frozenset(arn for one in given for arn in one.resource_arns)
