"""Checks that the zones of the stage's VPC have its instance types and endpoint services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.doctor.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import boto3

    from tfbatch_cdk.settings import Compute, Network

_DEFAULT = 2
"""Zones of a VPC whose settings name none, in the order of their names as ``GetAZs`` has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """What a region has in each of its zones, by the zones' names."""

    ids: Mapping[str, str]
    """Name -> id of each zone of the account, in the order of their names."""
    types: Mapping[str, frozenset[str]]
    """The instance types of EC2. SageMaker doesn't say which zones it uses."""
    services: Mapping[str, frozenset[str]]
    """The endpoint services, without the region."""


def zones(boto: boto3.Session, network: Network, compute: Compute) -> Iterator[Check]:
    """Ask EC2 what the zones have."""
    yield from judge(_region(boto, network, compute), network, compute)


def judge(region: Region, network: Network, compute: Compute) -> Iterator[Check]:
    """Judge each zone of the VPC.

    Args:
        region: what its zones have.
        network: settings of the VPC.
        compute: instance types of the stage.
    """
    names = {id_: name for name, id_ in region.ids.items()} | {name: name for name in region.ids}
    for zone in network.zones or tuple(region.ids)[:_DEFAULT]:
        name = names.get(zone)
        if name is None:
            known = ", ".join(f"{each} ({id_})" for each, id_ in region.ids.items())
            yield Check(
                name=f"zone {zone}",
                status="failed",
                found="The account has no such zone.",
                remedy=f"Use some of {known} in Network.zones.",
            )
            continue
        yield _judge_zone(f"zone {name} ({region.ids[name]})", name, region, network, compute)


def _judge_zone(title: str, zone: str, region: Region, network: Network, compute: Compute) -> Check:
    services = [one for one in network.interface_endpoints if zone not in region.services[one]]
    types = [one for one in compute.instance_types if zone not in region.types[one]]
    if services:
        others = _with_all(region, network.interface_endpoints, region.services)
        return Check(
            name=title,
            status="failed",
            found=f"It has no endpoints of {', '.join(services)}: the deployment would fail.",
            remedy=f"Set Network.zones to some of {others}, and Network.cidr if it is deployed.",
        )
    if types:
        others = _with_all(region, compute.instance_types, region.types)
        return Check(
            name=title,
            status="warning",
            found=f"EC2 has no {', '.join(types)} there, so jobs may find no capacity.",
            remedy=f"Zones with all types of the stage: {others}. Set Network.zones.",
        )
    return Check(name=title, status="ok", found="It has the instance types and endpoints.")


def _with_all(region: Region, wanted: Sequence[str], has: Mapping[str, frozenset[str]]) -> str:
    found = [id_ for name, id_ in region.ids.items() if all(name in has[one] for one in wanted)]
    return ", ".join(found) or "none"


def _region(boto: boto3.Session, network: Network, compute: Compute) -> Region:
    ec2 = boto.client("ec2")
    found = ec2.describe_availability_zones(
        Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
    )["AvailabilityZones"]
    offered = ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": list(compute.instance_types)}],
    )
    pairs = [
        (offer["InstanceType"], offer["Location"])
        for page in offered
        for offer in page["InstanceTypeOfferings"]
    ]
    pages = ec2.get_paginator("describe_vpc_endpoint_services").paginate()
    details = [detail for page in pages for detail in page["ServiceDetails"]]
    return Region(
        ids={one["ZoneName"]: one["ZoneId"] for one in sorted(found, key=lambda o: o["ZoneName"])},
        types={
            kind: frozenset(zone for name, zone in pairs if name == kind)
            for kind in compute.instance_types
        },
        services={
            name: frozenset(
                zone
                for detail in details
                if detail["ServiceName"].endswith(f".{boto.region_name}.{name}")
                for zone in detail["AvailabilityZones"]
            )
            for name in network.interface_endpoints
        },
    )
