"""What a service may do with network interfaces, in the name of what it puts into a VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack

from tfbatch_cdk.security.grants import allow, colon_arn, deny

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

_LOOK_BECAUSE = "EC2's Describe actions know no resource"
_CHANGE_BECAUSE = (
    "an interface isn't known before it is made, and the subnets of a shared VPC are of another "
    "account; Lambda's documentation asks for all resources of EC2"
)

_FUNCTIONS_LOOK = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_FUNCTIONS_CHANGE = (
    *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
    "ec2:UnassignPrivateIpAddresses",
)
"""Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC"."""

_JOBS_LOOK = (
    *("ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
    *("ec2:DescribeSubnets", "ec2:DescribeVpcs"),
)
_JOBS_CHANGE = (
    *("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"),
    *("ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"),
)
"""SageMaker developer guide, "SageMaker roles", CreateModel API, with a ``VpcConfig``."""


def allow_to_jobs(role: iam.Role) -> None:
    """Let SageMaker give the instances of a model's jobs a place in the VPC."""
    allow(role, *_JOBS_LOOK, on="*", because=_LOOK_BECAUSE)
    allow(role, *_JOBS_CHANGE, on=_of_ec2(role), because=_CHANGE_BECAUSE)


def allow_to_functions(role: iam.Role) -> None:
    """Let Lambda give a function a place in the VPC, and keep the function's code from it."""
    allow(role, *_FUNCTIONS_LOOK, on="*", because=_LOOK_BECAUSE)
    allow(role, *_FUNCTIONS_CHANGE, on=_of_ec2(role), because=_CHANGE_BECAUSE)
    functions = colon_arn(role, "lambda", "function", "*")
    code = {"ArnLike": {"lambda:SourceFunctionArn": functions}}
    deny(role, *_FUNCTIONS_LOOK, *_FUNCTIONS_CHANGE, on="*", conditions=code)


def _of_ec2(role: iam.Role) -> str:
    return Stack.of(role).format_arn(service="ec2", account="*", resource="*", resource_name="*")
