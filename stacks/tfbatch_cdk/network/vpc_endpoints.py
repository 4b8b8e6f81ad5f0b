"""The VPC endpoints for S3 and other AWS services, each with an endpoint policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

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
        service_name=f"com.amazonaws.{Aws.REGION}.{service}",
        vpc_endpoint_type="Interface",
        subnet_ids=list(subnets),
        security_group_ids=[security_group],
        private_dns_enabled=True,
        policy_document=iam.PolicyDocument(statements=[_statement(actions, ["*"])]),
    )


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
