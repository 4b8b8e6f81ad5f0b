"""The stack that runs inference: models, functions, workflow, triggers, roles and monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack

from tfbatch_cdk import Inference

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk import Data
    from tfbatch_cdk.settings import Stage


class InferenceStack(Stack):
    """Everything of a stage except its data; it can be deleted and deployed again."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, data: Data) -> None:
        super().__init__(
            scope,
            construct_id,
            description="tfbatch: TensorFlow batch inference with SageMaker Batch Transform",
            env=Environment(account=stage.account, region=stage.region),
            tags=stage.all_tags(),
        )
        self.inference = Inference(self, "Default", stage=stage, data=data)
        CfnOutput(self, "StateMachineArn", value=self.inference.state_machine.state_machine_arn)
