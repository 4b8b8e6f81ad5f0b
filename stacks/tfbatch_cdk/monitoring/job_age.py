"""Publishes the age of the oldest running job and the time since the last run, every 5 minutes.

No AWS service publishes these metrics. An express state machine measures them, without a function
or a VPC endpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tfbatch_cdk.monitoring import metrics
from tfbatch_cdk.security.grants import (
    acknowledge_wildcard,
    allow,
    service_principal,
    transform_jobs_arn,
)
from tfbatch_cdk.workflow.asl import jsonata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch_cdk.security.context import SecurityContext

_EVERY = "rate(5 minutes)"
_MAX_JOBS = 100
"""More than a stage runs at a time; the list starts with the oldest."""

_HOURS_SINCE = "($toMillis($now()) - $toMillis({moment})) / 3600000"

_OLDEST = f"""
(
  $ours := $states.result[model in $models];
  $ages := $ours.({_HOURS_SINCE.format(moment="created")});
  {{'jobs': $count($ours), 'hours': $count($ours) > 0 ? $max($ages) : 0}}
)
"""

_LAST_RUN = f"""
(
  $last := $states.result.Executions[0].StartDate;
  $exists($last) ? {_HOURS_SINCE.format(moment="$last")} : null
)
"""

_AGE_OF_WORKFLOW = f"{_HOURS_SINCE.format(moment='$states.result.CreationDate')}"


class JobAge(Construct):
    """The state machine that measures, with its role and schedule."""

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: str,
        state_machine_arn: str,
        models: Sequence[str],
        security: SecurityContext,
    ) -> None:
        super().__init__(scope, construct_id)
        states = definition(
            stage=stage, workflow=state_machine_arn, models=models, partition=Aws.PARTITION
        )
        self._role = iam.Role(
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
                destination=security.log_group(self, "Log"),
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
        self._schedule()

    def _allow(self, workflow: str) -> None:
        allow(self._role, "states:DescribeStateMachine", "states:ListExecutions", on=workflow)
        allow(self._role, "sagemaker:ListTransformJobs", on="*")
        allow(
            self._role,
            "sagemaker:DescribeTransformJob",
            on=transform_jobs_arn(self),
            because="the names of all jobs of this app begin with tfbatch-",
        )
        allow(
            self._role,
            "cloudwatch:PutMetricData",
            on="*",
            conditions={"StringEquals": {"cloudwatch:namespace": metrics.NAMESPACE}},
        )

    def _schedule(self) -> None:
        clock = iam.Role(
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


def definition(
    *, stage: str, workflow: str, models: Sequence[str], partition: str
) -> dict[str, Any]:
    """The state machine that measures the ARN ``workflow``, and only jobs of ``models``."""
    sdk = f"arn:{partition}:states:::aws-sdk"
    return {
        "Comment": "tfbatch: how old is the oldest running job, and when did the last run begin?",
        "QueryLanguage": "JSONata",
        "StartAt": "Know the models",
        "States": {
            "Know the models": {
                "Type": "Pass",
                "Assign": {"models": list(models)},
                "Next": "List the running jobs",
            },
            "List the running jobs": {
                "Type": "Task",
                "Resource": f"{sdk}:sagemaker:listTransformJobs",
                "Arguments": {
                    "NameContains": "tfbatch-",
                    "StatusEquals": "InProgress",
                    "SortBy": "CreationTime",
                    "SortOrder": "Ascending",
                    "MaxResults": _MAX_JOBS,
                },
                "Output": jsonata("[$states.result.TransformJobSummaries.TransformJobName]"),
                "Next": "Whose are they?",
            },
            "Whose are they?": _describe_each(sdk),
            "When was the last run?": {
                "Type": "Task",
                "Resource": f"{sdk}:sfn:listExecutions",
                "Arguments": {"StateMachineArn": workflow, "MaxResults": 1},
                "Assign": {"pause": jsonata(_LAST_RUN)},
                "Next": "How old is the workflow?",
            },
            "How old is the workflow?": {
                "Type": "Task",
                "Resource": f"{sdk}:sfn:describeStateMachine",
                "Arguments": {"StateMachineArn": workflow},
                "Assign": {"pause": jsonata(f"$pause != null ? $pause : {_AGE_OF_WORKFLOW}")},
                "Next": "Tell",
            },
            "Tell": _publish(sdk, stage),
        },
    }


def _describe_each(sdk: str) -> dict[str, Any]:
    """Get the model of each job, which the list of jobs doesn't have."""
    return {
        "Type": "Map",
        "Items": jsonata("$states.input"),
        "MaxConcurrency": 5,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "Describe the job",
            "States": {
                "Describe the job": {
                    "Type": "Task",
                    "Resource": f"{sdk}:sagemaker:describeTransformJob",
                    "Arguments": {"TransformJobName": jsonata("$states.input")},
                    "Output": {
                        "model": jsonata("$states.result.ModelName"),
                        "created": jsonata("$states.result.CreationTime"),
                    },
                    "End": True,
                }
            },
        },
        "Assign": {"oldest": jsonata(_OLDEST)},
        "Next": "When was the last run?",
    }


def _publish(sdk: str, stage: str) -> dict[str, Any]:
    values = {
        metrics.OLDEST_JOB_HOURS: "$oldest.hours",
        metrics.RUNNING_JOBS: "$oldest.jobs",
        metrics.HOURS_SINCE_LAST_RUN: "$pause",
    }
    return {
        "Type": "Task",
        "Resource": f"{sdk}:cloudwatch:putMetricData",
        "Arguments": {
            "Namespace": metrics.NAMESPACE,
            "MetricData": [
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": metrics.STAGE, "Value": stage}],
                    "Value": jsonata(value),
                }
                for name, value in values.items()
            ],
        },
        "End": True,
    }
