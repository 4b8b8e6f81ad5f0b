"""IAM roles for people: the reviewer reads runs; the operator also starts and stops them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from tfbatch_cdk.model.sagemaker_model import LOG_GROUP
from tfbatch_cdk.security.context import DELIVERED
from tfbatch_cdk.security.grants import allow, colon_arn, transform_jobs_arn

if TYPE_CHECKING:
    from collections.abc import Sequence

_SESSION = Duration.hours(4)


class People(Construct):
    """The two roles; neither can read inputs or predictions, or change the deployment.

    Without ``principals`` the policies of the account decide who may assume them.
    """

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: str,
        principals: Sequence[str],
        state_machine_arn: str,
        state_machine_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._jobs = transform_jobs_arn(self, stage)
        self._machine = state_machine_arn
        self._executions = [
            colon_arn(self, "states", "execution", f"{state_machine_name}{part}:*")
            for part in ("", "/Shards")
        ]
        trusted = _trusted(principals)
        self.reviewer = self._role("Reviewer", trusted, "Look at runs, their logs and resources")
        self.operator = self._role("Operator", trusted, "Look at runs, start and stop them")
        for role in (self.reviewer, self.operator):
            self._allow_reading(role, state_machine_name)
        self._allow_running(self.operator)

    def _role(self, name: str, trusted: iam.IPrincipal, description: str) -> iam.Role:
        return iam.Role(
            self, name, assumed_by=trusted, description=description, max_session_duration=_SESSION
        )

    def _allow_reading(self, role: iam.IRole, machine: str) -> None:
        runs = "executions are named when they are started"
        allow(role, "states:DescribeStateMachine", "states:ListExecutions", on=self._machine)
        reads = ("states:DescribeExecution", "states:GetExecutionHistory")
        allow(role, *reads, on=self._executions, because=runs)
        map_runs = colon_arn(self, "states", "mapRun", f"{machine}/Shards:*")
        allow(role, "states:DescribeMapRun", on=map_runs, because=runs)
        allow(role, "states:ListMapRuns", on=self._executions[0])
        because = "the names of all jobs of a stage begin with tfbatch-STAGE-"
        allow(role, "sagemaker:DescribeTransformJob", on=self._jobs, because=because)
        logs = "log groups of this stage, and SageMaker's one group for all transform jobs"
        own = f"{Stack.of(self).stack_name}-*"
        groups = (own, f"{DELIVERED}{own}", f"{LOG_GROUP}:*")
        allow(
            role,
            *("logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"),
            on=[colon_arn(self, "logs", "log-group", group) for group in groups],
            because=logs,
        )
        allow(
            role,
            *("cloudwatch:DescribeAlarms", "cloudwatch:GetDashboard", "cloudwatch:GetMetricData"),
            *("cloudwatch:ListMetrics", "logs:DescribeLogGroups", "logs:GetQueryResults"),
            *("sagemaker:ListTransformJobs", "states:ListStateMachines"),
            on="*",
            because="these know no resource, or list what there is; none reads a bucket",
        )

    def _allow_running(self, role: iam.IRole) -> None:
        allow(role, "states:StartExecution", on=self._machine)
        allow(role, "states:StopExecution", on=self._executions)
        allow(role, "sagemaker:StopTransformJob", on=self._jobs)


def _trusted(principals: Sequence[str]) -> iam.IPrincipal:
    if not principals:
        return iam.AccountRootPrincipal()
    return iam.CompositePrincipal(*(iam.ArnPrincipal(arn) for arn in principals))
