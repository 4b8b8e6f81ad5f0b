"""Publishes the age of the oldest running job and the time since the last run, every 5 minutes.

No AWS service publishes these metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws

from tfbatch_cdk.monitoring import metrics
from tfbatch_cdk.scheduled.job_age_states import definition
from tfbatch_cdk.scheduled.scheduled_states import ScheduledStates
from tfbatch_cdk.security.grants import allow

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from constructs import Construct

    from tfbatch_cdk.security.context import SecurityContext


class JobAge(ScheduledStates):
    """The state machine that measures."""

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: str,
        state_machine_arn: str,
        security: SecurityContext,
        role: iam.IRole | None = None,
        clock_role: iam.IRole | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            states=definition(stage=stage, workflow=state_machine_arn, partition=Aws.PARTITION),
            every="rate(5 minutes)",
            description="Look at running jobs",
            security=security,
            role=role,
            clock_role=clock_role,
        )
        allow(
            self.role, "states:DescribeStateMachine", "states:ListExecutions", on=state_machine_arn
        )
        allow(self.role, "sagemaker:ListTransformJobs", on="*")
        allow(
            self.role,
            "cloudwatch:PutMetricData",
            on="*",
            conditions={"StringEquals": {"cloudwatch:namespace": metrics.NAMESPACE}},
        )
