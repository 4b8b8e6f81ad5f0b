"""Publishes the age of the oldest running job and the time since the last run, every 5 minutes.

No AWS service publishes these metrics. An express state machine measures them, without a function
or a VPC endpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tfbatch_cdk.monitoring import metrics
from tfbatch_cdk.monitoring.job_age_states import definition
from tfbatch_cdk.security.grants import acknowledge_wildcard, allow, service_principal

if TYPE_CHECKING:
    from tfbatch_cdk.security.context import SecurityContext

_EVERY = "rate(5 minutes)"


class JobAge(Construct):
    """The state machine that measures, with its role and schedule."""

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
        super().__init__(scope, construct_id)
        states = definition(stage=stage, workflow=state_machine_arn, partition=Aws.PARTITION)
        self._role: iam.IRole = role or iam.Role(
            self,
            "Role",
            assumed_by=service_principal("states"),
            description="See runs and jobs, and count",
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_type=sfn.StateMachineType.EXPRESS,
            definition_body=sfn.DefinitionBody.from_string(Stack.of(self).to_json_string(states)),
            role=self._role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=security.delivered_log_group(self, "Log"),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        acknowledge_wildcard(
            self._role,
            "*",
            because="log delivery, X-Ray, lists of jobs and PutMetricData have no resources; a "
            "condition limits the last to this app's namespace",
        )
        self._allow(state_machine_arn)
        self._schedule(clock_role)

    def _allow(self, workflow: str) -> None:
        allow(self._role, "states:DescribeStateMachine", "states:ListExecutions", on=workflow)
        allow(self._role, "sagemaker:ListTransformJobs", on="*")
        allow(
            self._role,
            "cloudwatch:PutMetricData",
            on="*",
            conditions={"StringEquals": {"cloudwatch:namespace": metrics.NAMESPACE}},
        )

    def _schedule(self, role: iam.IRole | None) -> None:
        clock: iam.IRole = role or iam.Role(
            self, "ClockRole", assumed_by=service_principal("events"), description="Start the pulse"
        )
        machine = self.state_machine.state_machine_arn
        allow(clock, "states:StartExecution", on=machine)
        events.CfnRule(
            self,
            "Clock",
            description="tfbatch: look at running jobs",
            schedule_expression=_EVERY,
            targets=[
                events.CfnRule.TargetProperty(id="Pulse", arn=machine, role_arn=clock.role_arn)
            ],
        )
