"""The stacks that run inference: for transform jobs, and for a stage's real-time endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack

from tfbatch_cdk import Inference

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk import Data
    from tfbatch_cdk.settings import Endpoint, Stage


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


class EndpointStack(Stack):
    """A model, its endpoint, autoscaling and alarms, for a stage with an ``endpoint``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        endpoint: Endpoint,
        inference: Inference,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="tfbatch: a TensorFlow model behind a SageMaker endpoint",
            env=Environment(account=stage.account, region=stage.region),
            tags=stage.all_tags(),
        )
        from tfbatch_cdk import RealTime  # noqa: PLC0415 # few stages have one

        served = RealTime(
            self, "Default", stage=stage, endpoint=endpoint, security=inference.security
        )
        CfnOutput(self, "EndpointName", value=served.endpoint.name)
        CfnOutput(self, "EndpointArn", value=served.endpoint.arn)
        CfnOutput(self, "EndpointModelName", value=served.model.model_name)
