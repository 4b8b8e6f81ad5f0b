"""A VPC without internet access for jobs and functions, with subnets and security groups.

It has two zones, or those of the settings, a route to S3 only, and no NAT. Source: SageMaker
developer guide, "Give Batch Transform Jobs Access to Resources in Your Amazon VPC".
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from tfbatch_cdk.network.vpc_endpoints import interface_endpoint, s3_endpoint
from tfbatch_cdk.security.context import VpcConfig
from tfbatch_cdk.security.grants import allow, service_principal
from tfbatch_cdk.security.nag_acknowledgements import DEFAULT_GROUP, acknowledge
from tfbatch_cdk.settings import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_logs as logs

    from tfbatch_cdk.security.context import SecurityContext


def flow_log(scope: Construct, *, vpc: str, log: logs.ILogGroup) -> None:
    """Write all traffic of ``vpc`` to ``log``.

    Source: VPC user guide, "IAM role for publishing flow logs to CloudWatch Logs".
    """
    role = iam.Role(
        scope,
        "TrafficRole",
        assumed_by=service_principal("vpc-flow-logs"),
        description="Flow logs: write the VPC's traffic to its log group",
    )
    allow(
        role,
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        on=log.log_group_arn,
        because="the group's ARN ends in :*, for its log streams",
    )
    ec2.CfnFlowLog(
        scope,
        "FlowLog",
        resource_id=vpc,
        resource_type="VPC",
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_group_name=log.log_group_name,
        deliver_logs_permission_arn=role.role_arn,
    )


_ZONES = 2
"""How many, if the settings name none."""
_ZONE_ID = "-az"
_HTTPS = 443
_LAST_PORT = 65535
_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingVpc:
    """A VPC that a team brings along. It must reach S3 and the services of the functions."""

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection | None = None
    """Where jobs and functions run; ``None``: the VPC's private subnets."""
    security_groups: Sequence[ec2.ISecurityGroup] = ()
    """Of jobs and functions. They must allow HTTPS to the VPC's endpoints and all traffic between
    members. Empty: new ones."""

    def network(self) -> Network:
        """As settings, for new security groups in it."""
        return Network(vpc_id=self.vpc.vpc_id, subnet_ids=self._subnet_ids())

    def config(self) -> VpcConfig:
        """With its own security groups."""
        groups = [group.security_group_id for group in self.security_groups]
        return VpcConfig(subnets=self._subnet_ids(), security_groups=groups)

    def _subnet_ids(self) -> tuple[str, ...]:
        chosen = self.vpc.select_subnets() if self.subnets is None else self._selected()
        return tuple(chosen.subnet_ids)

    def _selected(self) -> ec2.SelectedSubnets:
        wanted = self.subnets or ec2.SubnetSelection()
        names = ("availability_zones", "one_per_az", "subnet_filters", "subnet_group_name")
        options = {name: getattr(wanted, name) for name in (*names, "subnets", "subnet_type")}
        return self.vpc.select_subnets(**options)


def _zone_count(network: Network) -> int:
    return len(network.zones) or _ZONES


class PrivateNetwork(Construct):
    """The stage's VPC, which reaches only ``buckets``, or security groups in an existing VPC."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: Network,
        buckets: Sequence[str],
        security: SecurityContext,
    ) -> None:
        super().__init__(scope, construct_id)
        if network.vpc_id:
            vpc, subnets = network.vpc_id, network.subnet_ids
        else:
            vpc = self._vpc(network)
            flow_log(self, vpc=vpc, log=security.log_group(self, "Traffic"))
            tables, subnets = zip(
                *(self._subnet(vpc, network, number) for number in range(_zone_count(network))),
                strict=True,
            )
            s3_endpoint(self, vpc=vpc, route_tables=tables, buckets=buckets)
        jobs, functions = self._group(vpc, "Jobs"), self._group(vpc, "Functions")
        self._allow_between_instances(jobs)
        if not network.vpc_id:
            self._endpoints(vpc, subnets, network.interface_endpoints, (jobs, functions))
        self.jobs = VpcConfig(subnets=subnets, security_groups=[jobs])
        self.functions = VpcConfig(subnets=subnets, security_groups=[functions])

    def _vpc(self, network: Network) -> str:
        vpc = ec2.CfnVPC(
            self, "Vpc", cidr_block=network.cidr, enable_dns_support=True, enable_dns_hostnames=True
        )
        acknowledge(vpc, DEFAULT_GROUP)
        return vpc.ref

    def _subnet(self, vpc: str, network: Network, number: int) -> tuple[str, str]:
        """A private subnet with a route table of its own: their ids, the table's first."""
        bits = (_zone_count(network) - 1).bit_length()
        parts = list(ipaddress.ip_network(network.cidr).subnets(prefixlen_diff=bits))
        zone = network.zones[number] if network.zones else Fn.select(number, Fn.get_azs())
        is_id = _ZONE_ID in zone
        subnet = ec2.CfnSubnet(
            self,
            f"Subnet{number}",
            vpc_id=vpc,
            cidr_block=str(parts[number]),
            availability_zone=None if is_id else zone,
            availability_zone_id=zone if is_id else None,
            map_public_ip_on_launch=False,
        ).ref
        table = ec2.CfnRouteTable(self, f"Routes{number}", vpc_id=vpc).ref
        ec2.CfnSubnetRouteTableAssociation(
            self, f"RoutesOfSubnet{number}", subnet_id=subnet, route_table_id=table
        )
        return table, subnet

    def _group(self, vpc: str, name: str) -> str:
        """A security group without inbound traffic and with outbound HTTPS only.

        HTTPS goes to any address, since S3 has many; the VPC routes only to its endpoints.
        """
        return ec2.CfnSecurityGroup(
            self,
            f"{name}Group",
            group_description=f"tfbatch {name.lower()}: HTTPS to the endpoints",
            vpc_id=vpc,
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp",
                    from_port=_HTTPS,
                    to_port=_HTTPS,
                    cidr_ip=_ANYWHERE,
                    description="AWS's own services, by the VPC's endpoints",
                )
            ],
        ).attr_group_id

    def _allow_between_instances(self, group: str) -> None:
        """Allow traffic between the instances of a job, on ports that SageMaker chooses."""
        why = "Instances of one transform job among themselves"
        for protocol in ("tcp", "udp"):
            ec2.CfnSecurityGroupIngress(
                self,
                f"FromInstances{protocol.capitalize()}",
                group_id=group,
                source_security_group_id=group,
                ip_protocol=protocol,
                from_port=0,
                to_port=_LAST_PORT,
                description=why,
            )
            ec2.CfnSecurityGroupEgress(
                self,
                f"ToInstances{protocol.capitalize()}",
                group_id=group,
                destination_security_group_id=group,
                ip_protocol=protocol,
                from_port=0,
                to_port=_LAST_PORT,
                description=why,
            )

    def _endpoints(
        self, vpc: str, subnets: Sequence[str], services: Sequence[str], users: Sequence[str]
    ) -> None:
        if not services:
            return
        group = ec2.CfnSecurityGroup(
            self,
            "EndpointsGroup",
            group_description="tfbatch endpoints: HTTPS from the jobs and the functions",
            vpc_id=vpc,
            security_group_ingress=[
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol="tcp",
                    from_port=_HTTPS,
                    to_port=_HTTPS,
                    source_security_group_id=user,
                    description="AWS's own services",
                )
                for user in users
            ],
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="icmp",
                    from_port=252,
                    to_port=86,
                    cidr_ip="255.255.255.255/32",
                    description="Nothing: an endpoint only answers",
                )
            ],
        ).attr_group_id
        for service in services:
            interface_endpoint(self, service, vpc=vpc, subnets=subnets, security_group=group)
