"""A real-time endpoint of a stage, with its model, scaling and alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from tfbatch_cdk.batch_inference.feature_flags import pin
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
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_sns as sns

    from tfbatch_cdk import settings
    from tfbatch_cdk.security.context import SecurityContext

_INVOCATIONS = Invocations(timeout_seconds=60)
"""Limit of InvokeEndpoint."""
LOG_GROUPS = "/aws/sagemaker/Endpoints/*"
"""SageMaker writes the container logs of an endpoint to a group named after the endpoint."""


class RealTime(Construct):
    """A model, its endpoint, autoscaling and alarms.

    It has its own SageMaker Model, with the artifact and container of the jobs' Model
    (docs/decisions/0011-endpoint-model.md).
    """

    def __init__(  # noqa: PLR0913 # what a company may bring along
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: settings.Stage,
        endpoint: settings.Endpoint,
        security: SecurityContext,
        topic: sns.ITopic | None = None,
        role: iam.IRole | None = None,
    ) -> None:
        """Make what isn't given.

        Args:
            scope: the parent.
            construct_id: its id in the parent.
            stage: the models, the container and the protection.
            endpoint: the endpoint's own settings.
            security: of the stage's :class:`~tfbatch_cdk.batch_inference.inference.Inference`.
            topic: a topic that exists, for the alarms.
            role: a role that exists, for the containers.
        """
        super().__init__(scope, construct_id)
        pin(self)
        name = endpoint.model or stage.models[0].name
        model = next(model for model in stage.models if model.name == name)
        self.model = SageMakerModel(
            self,
            f"Model-{name}",
            model=model,
            image=image(self, stage.container),
            container=stage.container,
            variables=container_environment.of_model(model, _INVOCATIONS),
            log_group=LOG_GROUPS,
            role=role,
        )
        self.model.protect(security, data=False)
        self.endpoint = RealTimeEndpoint(
            self,
            "RealTime",
            model_name=self.model.model_name,
            endpoint=endpoint,
            security=security,
        )
        Scaling(self, "Scaling", real_time=self.endpoint, endpoint=endpoint)
        Alarms(
            self,
            "Alarms",
            real_time=self.endpoint,
            endpoint=endpoint,
            topic=topic or self._topic(stage, security),
        )
        acknowledge(self, INLINE_POLICIES)
        apply_permissions_boundary(self, stage.protection.access.permissions_boundary)

    def _topic(self, stage: settings.Stage, security: SecurityContext) -> sns.ITopic:
        return Notifications(
            self,
            "Notifications",
            emails=stage.notify,
            about="the endpoint's alarms",
            key=security.key,
        ).topic
