"""An express state machine that a clock starts, with its roles, its log and its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tfbatch_cdk.security.grants import acknowledge_wildcard, allow, service_principal
from tfbatch_cdk.workflow.asl import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_cdk.security.context import SecurityContext


class ScheduledStates(Construct):
    """A state machine that runs by the clock. Grant ``role`` what its tasks need."""

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        states: Mapping[str, Any],
        every: str,
        description: str,
        security: SecurityContext,
        role: iam.IRole | None = None,
        clock_role: iam.IRole | None = None,
    ) -> None:
        """Make the state machine and its schedule.

        Args:
            scope: its parent.
            construct_id: its id there.
            states: the definition in the Amazon States Language.
            every: a schedule expression of EventBridge.
            description: what it does, without a subject.
            security: for its log group.
            role: of its tasks; ``None``: a new one.
            clock_role: may start it; ``None``: a new one.
        """
        super().__init__(scope, construct_id)
        self.role: iam.IRole = role or iam.Role(
            self, "Role", assumed_by=service_principal("states"), description=description
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_type=sfn.StateMachineType.EXPRESS,
            definition_body=sfn.DefinitionBody.from_string(to_json(states, Stack.of(self))),
            role=self.role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=security.delivered_log_group(self, "Log"),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        acknowledge_wildcard(
            self.role,
            "*",
            because="log delivery, X-Ray, lists and PutMetricData have no resources; a condition "
            "limits the last to this app's namespace",
        )
        self._schedule(every, description, clock_role)

    def _schedule(self, every: str, description: str, role: iam.IRole | None) -> None:
        clock: iam.IRole = role or iam.Role(
            self,
            "ClockRole",
            assumed_by=service_principal("events"),
            description=f"Start by the clock: {description.lower()}",
        )
        machine = self.state_machine.state_machine_arn
        allow(clock, "states:StartExecution", on=machine)
        events.CfnRule(
            self,
            "Clock",
            description=f"tfbatch: {description.lower()}",
            schedule_expression=every,
            targets=[
                events.CfnRule.TargetProperty(id="Pulse", arn=machine, role_arn=clock.role_arn)
            ],
        )
