"""Permissions that SageMaker and Lambda need for network interfaces in a VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack

from tfbatch_cdk.security.grants import allow, colon_arn, deny

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

_READ_REASON = "EC2's Describe actions have no resource-level permissions"
_CHANGE_REASON = (
    "an interface has no ARN before it is created, and the subnets of a shared VPC belong to "
    "another account; Lambda's documentation requires all resources of EC2"
)

_FUNCTIONS_READ = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_FUNCTIONS_CHANGE = (
    *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
    "ec2:UnassignPrivateIpAddresses",
)
"""Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC"."""

_JOBS_READ = (
    *("ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
    *("ec2:DescribeSubnets", "ec2:DescribeVpcs"),
)
_JOBS_CHANGE = (
    *("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"),
    *("ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"),
)
"""SageMaker developer guide, "SageMaker roles", CreateModel API, with a ``VpcConfig``."""


def allow_to_jobs(role: iam.IRole) -> None:
    """Allow SageMaker to attach the instances of a model's jobs to the VPC."""
    allow(role, *_JOBS_READ, on="*", because=_READ_REASON)
    allow(role, *_JOBS_CHANGE, on=_of_ec2(role), because=_CHANGE_REASON)


def allow_to_functions(role: iam.IRole) -> None:
    """Allow Lambda to attach a function to the VPC, and deny it to the function's code."""
    allow(role, *_FUNCTIONS_READ, on="*", because=_READ_REASON)
    allow(role, *_FUNCTIONS_CHANGE, on=_of_ec2(role), because=_CHANGE_REASON)
    functions = colon_arn(role, "lambda", "function", "*")
    code = {"ArnLike": {"lambda:SourceFunctionArn": functions}}
    deny(role, *_FUNCTIONS_READ, *_FUNCTIONS_CHANGE, on="*", conditions=code)


def _of_ec2(role: iam.IRole) -> str:
    return Stack.of(role).format_arn(service="ec2", account="*", resource="*", resource_name="*")
