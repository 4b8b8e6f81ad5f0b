"""What a caller in a VPC reaches, and which endpoint policy applies to its calls.

A function or job in subnets without a route to the internet reaches only the services that its VPC
has an endpoint for. An interface endpoint needs private DNS, since SDKs call the usual names; the
gateway endpoint of S3 must be in the route table of every subnet. Security groups aren't weighed.
Endpoints and route tables are those of the account that owns the VPC.

Source: AWS PrivateLink guide, "Access AWS services through AWS PrivateLink" and "Gateway endpoints
for Amazon S3".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tfbatch_sandbox.authorization import subnets
from tfbatch_sandbox.authorization.policy_language.policies import policy_of
from tfbatch_sandbox.server.settings import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.authorization.policy_language.policies import Policy

_SCOPE: Final = re.compile(r"Credential=([\w-]+)/\d{8}/([\w-]+)/([\w-]+)/aws4_request")
_ENDPOINTS: Final = {
    "cloudwatch": "monitoring",
    "ecr": "ecr.api",
    "sagemaker": "sagemaker.api",
}
"""The endpoint services whose names differ from the prefix of their IAM actions."""
_SIGNED: Final = {"monitoring": "cloudwatch"}
"""The prefixes of IAM actions that differ from the service's name in a signature."""
_EVERYWHERE: Final = {"0.0.0.0/0", "::/0"}


class UnreachableError(Exception):
    """A service that a caller's network has no way to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A caller's network interfaces."""

    subnets: tuple[str, ...]
    region: str
    only: frozenset[str] | None = None
    """The services that it calls through them, by the prefix of their IAM actions; ``None``: all.
    A job's instances reach S3 through its VPC; SageMaker writes their logs from outside."""

    @classmethod
    def of(
        cls, config: Mapping[str, Any] | None, region: str, *only: str, names: str = "Subnets"
    ) -> Attachment | None:
        """The attachment of a ``VpcConfig``; ``None`` without one.

        Args:
            config: of a model or a function.
            region: of its subnets.
            only: see :attr:`only`; none: all.
            names: the field with the ids of its subnets.
        """
        subnets = tuple(config.get(names) or ()) if config else ()
        return (
            cls(subnets=subnets, region=region, only=frozenset(only) or None) if subnets else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way to a service: an endpoint, or the internet."""

    policy: Policy | None = None
    context: Mapping[str, str] | None = None
    """Condition keys of calls through the endpoint."""


def way_to(service: str, attachment: Attachment | None) -> Way:
    """How a caller reaches a service.

    Args:
        service: prefix of its IAM actions, ``s3``.
        attachment: the caller's; ``None``: it is in no VPC.

    Raises:
        UnreachableError: it doesn't.
    """
    if attachment is None or (attachment.only is not None and service not in attachment.only):
        return Way()
    used = _used(attachment)
    vpcs = {subnet.vpc_id for subnet in used}
    tables = [_table(subnet) for subnet in used]
    endpoints = [one for subnet in used for one in subnet.ec2_backend.vpc_end_points.values()]
    name = f".{attachment.region}.{_ENDPOINTS.get(service, service)}"
    for endpoint in endpoints:
        is_ours = endpoint.vpc_id in vpcs and endpoint.service_name.endswith(name)
        if is_ours and _serves(endpoint, tables):
            return _through(endpoint)
    if all(_is_open(table) for table in tables):
        return Way()
    raise UnreachableError(
        f"Nothing in {', '.join(sorted(vpcs))} leads to {service}: it has no endpoint for "
        f"{name[1:]} that serves {', '.join(attachment.subnets)}, and no route to the internet."
    )


def signed_for(authorization: str) -> tuple[str, str] | None:
    """The access key and the service of a signature, by the prefix of its IAM actions."""
    found = _SCOPE.search(authorization)
    return (found[1], _SIGNED.get(found[3], found[3])) if found else None


def _used(attachment: Attachment) -> list[Any]:
    """The subnets of a caller, which other accounts may have shared."""
    found = [subnets.find(one, ACCOUNT_ID, attachment.region) for one in attachment.subnets]
    missing = [one for one, subnet in zip(attachment.subnets, found, strict=True) if not subnet]
    if missing:
        raise UnreachableError(
            f"Nothing leads out of {', '.join(missing)}: no such subnet, and none that its owner "
            f"shares with {ACCOUNT_ID}."
        )
    return found


def _table(subnet: Any) -> Any:  # noqa: ANN401 - moto's
    """The subnet's route table, or the main one of its VPC."""
    backend = subnet.ec2_backend
    filters = {"association.subnet-id": [subnet.id]}
    own = backend.describe_route_tables(filters=filters)
    if own:
        return own[0]
    main = {"association.main": ["true"], "vpc-id": [subnet.vpc_id]}
    return backend.describe_route_tables(filters=main)[0]


def _serves(endpoint: Any, tables: list[Any]) -> bool:  # noqa: ANN401 - moto's
    if endpoint.vpc_endpoint_type == "Interface":
        return str(endpoint.private_dns_enabled).lower() == "true"
    return {table.id for table in tables} <= set(endpoint.route_table_ids or ())


def _is_open(table: Any) -> bool:  # noqa: ANN401 - moto's
    ranges = (
        route.destination_cidr_block or route.destination_ipv6_cidr_block for route in table.routes
    )
    return any(destination in _EVERYWHERE for destination in ranges)


def _through(endpoint: Any) -> Way:  # noqa: ANN401 - moto's
    document = endpoint.policy_document
    text = document if isinstance(document, str) else json.dumps(document)
    context = {"aws:sourcevpce": endpoint.id, "aws:sourcevpc": endpoint.vpc_id}
    return Way(policy=policy_of("endpoint", text), context=context)
