"""The flow log of a VPC: accepted and rejected traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from tfbatch_cdk.security.grants import allow, service_principal

if TYPE_CHECKING:
    from aws_cdk import aws_logs as logs
    from constructs import Construct


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
