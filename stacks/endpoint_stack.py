"""The stack of a real-time endpoint, for a stage with an ``endpoint``.

It has its own SageMaker Model, with the artifact and container of the jobs' Model
(docs/decisions/0011-endpoint-model.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack

from tfbatch_cdk.endpoint.alarms import Alarms
from tfbatch_cdk.endpoint.endpoint import RealTimeEndpoint
from tfbatch_cdk.endpoint.scaling import Scaling
from tfbatch_cdk.model import container_environment
from tfbatch_cdk.model.image import image
from tfbatch_cdk.model.sagemaker_model import SageMakerModel
from tfbatch_cdk.security.grants import apply_permissions_boundary
from tfbatch_cdk.security.nag_acknowledgements import INLINE_POLICIES, acknowledge
from tfbatch_cdk.settings import Invocations
from tfbatch_cdk.workflow.notifications import Notifications

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk import settings
    from tfbatch_cdk.security.context import SecurityContext

_INVOCATIONS = Invocations(timeout_seconds=60)
"""Limit of InvokeEndpoint."""
LOG_GROUPS = "/aws/sagemaker/Endpoints/*"
"""SageMaker writes the container logs of an endpoint to a group named after the endpoint."""


class EndpointStack(Stack):
    """A model, its endpoint, autoscaling and alarms."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: settings.Stage,
        endpoint: settings.Endpoint,
        security: SecurityContext,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="tfbatch: a TensorFlow model behind a SageMaker endpoint",
            env=Environment(account=stage.account, region=stage.region),
            tags=stage.all_tags(),
        )
        name = endpoint.model or stage.models[0].name
        model = next(model for model in stage.models if model.name == name)
        served = SageMakerModel(
            self,
            f"Model-{name}",
            model=model,
            image=image(self, stage.container),
            container=stage.container,
            variables=container_environment.of_model(model, _INVOCATIONS),
            log_group=LOG_GROUPS,
        )
        served.protect(security, data=False)
        real_time = RealTimeEndpoint(
            self, "RealTime", model_name=served.model_name, endpoint=endpoint, security=security
        )
        Scaling(self, "Scaling", real_time=real_time, endpoint=endpoint)
        Alarms(
            self,
            "Alarms",
            real_time=real_time,
            endpoint=endpoint,
            topic=Notifications(
                self,
                "Notifications",
                emails=stage.notify,
                about="the endpoint's alarms",
                key=security.key,
            ).topic,
        )
        CfnOutput(self, "EndpointName", value=real_time.name)
        CfnOutput(self, "EndpointArn", value=real_time.arn)
        CfnOutput(self, "EndpointModelName", value=served.model_name)
        acknowledge(self, INLINE_POLICIES)
        apply_permissions_boundary(self, stage.protection.access.permissions_boundary)
