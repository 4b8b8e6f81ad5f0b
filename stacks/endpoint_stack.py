"""The stack of a real-time endpoint, for a stage with an ``endpoint``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack

from tfbatch_cdk import RealTime

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk import Inference
    from tfbatch_cdk.settings import Endpoint, Stage


class EndpointStack(Stack):
    """A model, its endpoint, autoscaling and alarms."""

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
        served = RealTime(
            self, "Default", stage=stage, endpoint=endpoint, security=inference.security
        )
        CfnOutput(self, "EndpointName", value=served.endpoint.name)
        CfnOutput(self, "EndpointArn", value=served.endpoint.arn)
        CfnOutput(self, "EndpointModelName", value=served.model.model_name)
