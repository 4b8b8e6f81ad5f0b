"""Stops the polled jobs of an execution that fails, times out or is aborted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from tfbatch_cdk.security.grants import allow, transform_jobs_arn
from tfbatch_cdk.workflow.fields import jobs_of_stage

if TYPE_CHECKING:
    from tfbatch_cdk.workflow.functions import Function


class JobCleanup(Construct):
    """An EventBridge rule on executions without success, and permissions for its function."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: str,
        state_machine_arn: str,
        function: Function,
    ) -> None:
        super().__init__(scope, construct_id)
        rule = self._rule(stage, state_machine_arn, function.function)
        lambda_.CfnPermission(
            self,
            "Invoke",
            action="lambda:InvokeFunction",
            function_name=function.function.function_arn,
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
        )
        self._allow(stage, function)

    def _rule(
        self, stage: str, state_machine_arn: str, function: lambda_.IFunction
    ) -> events.CfnRule:
        return events.CfnRule(
            self,
            "Ended",
            description="tfbatch: stop the transform jobs of a run that was stopped or failed",
            event_pattern={
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {
                    "stateMachineArn": [state_machine_arn],
                    "status": ["ABORTED", "FAILED", "TIMED_OUT"],
                },
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="Stop",
                    arn=function.function_arn,
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map={
                            "arn": "$.detail.executionArn",
                            "ended": "$.detail.stopDate",
                        },
                        input_template=(
                            f'{{"execution": <arn>, "ended": <ended>, '
                            f'"jobs": "{jobs_of_stage(stage)}"}}'
                        ),
                    ),
                )
            ],
        )

    def _allow(self, stage: str, function: Function) -> None:
        jobs = transform_jobs_arn(self, stage)
        because = "the names of all jobs of a stage begin with tfbatch-STAGE-"
        allow(function.role, "sagemaker:StopTransformJob", on=jobs, because=because)
        because = "ListTransformJobs has no resources (service authorization reference)"
        allow(function.role, "sagemaker:ListTransformJobs", on="*", because=because)
