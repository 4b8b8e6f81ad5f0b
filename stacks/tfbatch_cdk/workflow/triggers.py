"""Starts runs from request files in the input bucket, and on schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnResource
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from tfbatch_cdk.security.grants import allow, service_principal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_s3 as s3

REQUEST_SUFFIX = ".request.json"


class Triggers(Construct):
    """EventBridge rule and schedules, with a role that can only start the workflow."""

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        state_machine_arn: str,
        requests: s3.IBucket,
        schedules: Mapping[str, str],
        role: iam.IRole | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._state_machine_arn = state_machine_arn
        role = role or self._role()
        allow(role, "states:StartExecution", on=state_machine_arn)
        self._role_arn = role.role_arn
        self._on_request_file(requests)
        for number, (expression, request) in enumerate(schedules.items()):
            self._schedule(f"Schedule{number}", expression, request)

    def _role(self) -> iam.Role:
        return iam.Role(
            self,
            "Role",
            assumed_by=iam.CompositePrincipal(
                service_principal("events"), service_principal("scheduler")
            ),
            description="Request files and schedules: start the workflow",
        )

    def _on_request_file(self, bucket: s3.IBucket) -> None:
        """Start the workflow for every object named ``*.request.json``."""
        rule = events.CfnRule(
            self,
            "RequestFile",
            description=f"tfbatch: run each *{REQUEST_SUFFIX} of the input bucket",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": [bucket.bucket_name]},
                    "object": {"key": [{"suffix": REQUEST_SUFFIX}]},
                },
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="Workflow",
                    arn=self._state_machine_arn,
                    role_arn=self._role_arn,
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map={
                            "bucket": "$.detail.bucket.name",
                            "key": "$.detail.object.key",
                            "sequencer": "$.detail.object.sequencer",
                        },
                        input_template='{"request_file": {"bucket": <bucket>, "key": <key>, '
                        '"sequencer": <sequencer>}}',
                    ),
                )
            ],
        )
        rule.node.add_dependency(bucket)

    def _schedule(self, construct_id: str, expression: str, request: str) -> None:
        """Run a request on a schedule; a CfnResource, since aws_scheduler has no more features."""
        CfnResource(
            self,
            construct_id,
            type="AWS::Scheduler::Schedule",
            properties={
                "Description": "tfbatch: run a request by the clock",
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": self._state_machine_arn,
                    "RoleArn": self._role_arn,
                    "Input": request,
                },
            },
        )
