"""Deletes a SageMaker Model that a deployment replaced, when no run can use it any more.

A replaced Model stays, because running executions name it in their jobs
(``SageMakerModel.keeps_replaced``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws

from tfbatch_cdk.scheduled import model_cleanup_states as states
from tfbatch_cdk.scheduled.scheduled_states import ScheduledStates
from tfbatch_cdk.security.grants import acknowledge_wildcard, allow, colon_arn, stack_of

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct

    from tfbatch_cdk.security.context import SecurityContext


class ModelCleanup(ScheduledStates):
    """The state machine that deletes Models, once a day."""

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        owner: str,
        workflow: sfn.StateMachine,
        security: SecurityContext,
        role: iam.IRole | None = None,
        clock_role: iam.IRole | None = None,
    ) -> None:
        """Make it.

        Args:
            scope: its parent.
            construct_id: its id there.
            owner: value of the tag ``OWNER`` of the stage's Models.
            workflow: the state machine whose executions use the Models.
            security: for its log group.
            role: of its tasks; ``None``: a new one.
            clock_role: may start it; ``None``: a new one.
        """
        arn = workflow.state_machine_arn
        super().__init__(
            scope,
            construct_id,
            states=states.definition(owner=owner, workflow=arn, partition=Aws.PARTITION),
            every="rate(1 day)",
            description="Delete replaced models that no run uses",
            security=security,
            role=role,
            clock_role=clock_role,
        )
        allow(self.role, "tag:GetResources", on="*")
        allow(self.role, "states:DescribeStateMachine", "states:ListExecutions", on=arn)
        executions = colon_arn(self, "states", "execution", f"{workflow.state_machine_name}:*")
        because = "the names of executions aren't known"
        of_execution = "states:DescribeStateMachineForExecution"
        allow(self.role, of_execution, on=executions, because=because)
        self._allow_models(owner)

    def _allow_models(self, owner: str) -> None:
        """Allow to mark and delete the Models with the owner's tag, and no other tags' change."""
        models = stack_of(self).format_arn(service="sagemaker", resource="model", resource_name="*")
        ours = {f"aws:ResourceTag/{states.OWNER}": owner}
        marks = {"ForAllValues:StringEquals": {"aws:TagKeys": states.UNUSED_SINCE}}
        allow(self.role, "sagemaker:DeleteModel", on=models, conditions={"StringEquals": ours})
        allow(
            self.role,
            "sagemaker:AddTags",
            "sagemaker:DeleteTags",
            on=models,
            conditions={"StringEquals": ours, **marks},
        )
        because = "CloudFormation names Models; a condition limits it to those of this stage"
        acknowledge_wildcard(self.role, models, because=because)
