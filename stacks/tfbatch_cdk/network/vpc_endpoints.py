"""The VPC endpoints for S3 and other AWS services, each with an endpoint policy."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from aws_cdk import App, Aws, CfnMapping, Environment, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk.region_info import RegionInfo

from tfbatch_cdk.model.image import REGISTRY_ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

_ACTIONS = {
    "ecr.api": (
        *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken"),
        "ecr:GetDownloadUrlForLayer",
    ),
    "ecr.dkr": (
        *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken"),
        "ecr:GetDownloadUrlForLayer",
    ),
    "logs": (
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams"),
        *("logs:GetLogEvents", "logs:PutLogEvents"),
    ),
    "sagemaker.api": ("sagemaker:ListTransformJobs", "sagemaker:StopTransformJob"),
    "monitoring": ("cloudwatch:PutMetricData",),
}
"""Allowed actions by service; other services allow all their actions."""
_MAPPING = "EndpointServices"


def s3_endpoint(
    scope: Construct, *, vpc: str, route_tables: Sequence[str], buckets: Sequence[str]
) -> None:
    """Add the free S3 endpoint: the stage's buckets for this account, and ECR's image layers."""
    ec2.CfnVPCEndpoint(
        scope,
        "S3",
        vpc_id=vpc,
        service_name=f"com.amazonaws.{Aws.REGION}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=list(route_tables),
        policy_document=iam.PolicyDocument(
            statements=[
                _statement(
                    ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
                    [f"{bucket}/*" for bucket in buckets],
                ),
                _statement(("s3:ListBucket",), buckets),
                # ECR serves image layers from its own bucket, by signed URLs.
                _statement(
                    ("s3:GetObject",),
                    [f"arn:{Aws.PARTITION}:s3:::prod-{Aws.REGION}-starport-layer-bucket/*"],
                    anyone=True,
                ),
            ]
        ),
    )


def interface_endpoint(
    scope: Construct, service: str, *, vpc: str, subnets: Sequence[str], security_group: str
) -> None:
    """Add a PrivateLink endpoint for a service, with private DNS, for this account only."""
    actions = _ACTIONS.get(service, (f"{service.partition('.')[0]}:*",))
    ec2.CfnVPCEndpoint(
        scope,
        "".join(word.capitalize() for word in service.replace("-", ".").split(".")),
        vpc_id=vpc,
        service_name=_service_name(scope, service),
        vpc_endpoint_type="Interface",
        subnet_ids=list(subnets),
        security_group_ids=[security_group],
        private_dns_enabled=True,
        policy_document=iam.PolicyDocument(statements=[_statement(actions, ["*"])]),
    )


def _service_name(scope: Construct, service: str) -> str:
    """The name of an endpoint service, from the CDK's table.

    In some partitions some names don't begin with ``com.amazonaws``, such as ``ecr.api`` in China.
    A stack without a fixed region gets a mapping here, which CloudFormation reads.
    """
    if not Token.is_unresolved(Stack.of(scope).region):
        return ec2.InterfaceVpcEndpointAwsService(service).name
    names = scope.node.try_find_child(_MAPPING)
    if not isinstance(names, CfnMapping):
        names = CfnMapping(scope, _MAPPING)
    attribute = service.replace(".", "").replace("-", "")
    for partition, prefix in _prefixes(service).items():
        names.set_value(partition, attribute, prefix)
    return f"{names.find_in_map(Aws.PARTITION, attribute)}.{Aws.REGION}.{service}"


@cache
def _prefixes(service: str) -> dict[str, str]:
    """How the name of an endpoint service begins, by partition."""
    found = {}
    for partition, stack in _partitions().items():
        name: str = stack.resolve(ec2.InterfaceVpcEndpointAwsService(service).name)
        found[partition] = name.removesuffix(f".{stack.region}.{service}")
    return found


@cache
def _partitions() -> dict[str, Stack]:
    """A stack in a region of each partition: the CDK looks names up by region.

    Of the regions with AWS's image, those of one partition have the same names.
    """
    regions = {RegionInfo.get(name).partition: name for name in REGISTRY_ACCOUNTS}
    app = App()
    return {
        partition: Stack(app, region, env=Environment(region=region))
        for partition, region in regions.items()
        if partition
    }


def _statement(
    actions: Sequence[str], resources: Sequence[str], *, anyone: bool = False
) -> iam.PolicyStatement:
    ours = {"StringEquals": {"aws:PrincipalAccount": Aws.ACCOUNT_ID}}
    return iam.PolicyStatement(
        actions=list(actions),
        resources=list(resources),
        principals=[iam.AnyPrincipal()],
        conditions=None if anyone else ours,
    )
