"""A SageMaker Model: its container image, its artifact, and the role of its containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnDeletionPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from tfbatch_cdk.model import own_code
from tfbatch_cdk.model.approval import ask_at_deployment
from tfbatch_cdk.model.artifact import artifact_of
from tfbatch_cdk.model.bundling import artifact_object
from tfbatch_cdk.model.image import runtime
from tfbatch_cdk.model.vendoring import packages
from tfbatch_cdk.network import eni_permissions
from tfbatch_cdk.scheduled.model_cleanup_states import OWNER
from tfbatch_cdk.security.grants import allow, bucket_arn, colon_arn, service_principal
from tfbatch_cdk.security.nag_acknowledgements import DELETED_WITH_ITS_STACK, acknowledge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aws_cdk import aws_s3 as s3

    from tfbatch_cdk.model.image import Image
    from tfbatch_cdk.security.context import SecurityContext
    from tfbatch_cdk.settings import Container, Model

LOG_GROUP = "/aws/sagemaker/TransformJobs"
"""SageMaker writes the container logs of all transform jobs here."""


class SageMakerModel(Construct):
    """A model of the stage, as a SageMaker Model with its role."""

    def __init__(  # noqa: PLR0913 # the parts of a Model
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        image: Image,
        container: Container,
        variables: Mapping[str, str],
        log_group: str = LOG_GROUP,
        role: iam.IRole | None = None,
        owner: str | None = None,
    ) -> None:
        """Make the Model.

        Args:
            scope: its parent.
            construct_id: its id there.
            model: its settings.
            image: of its containers.
            container: settings of its containers.
            variables: their environment.
            log_group: pattern of the names of their log groups.
            role: their role; ``None``: a new one.
            owner: if given, an update that replaces the Model keeps the old one, which running
                executions name in their jobs. ``ModelCleanup`` deletes those with this tag.
        """
        super().__init__(scope, construct_id)
        self.artifact = artifact_object(
            self,
            artifact_of(model, packages=self._packages(model, container)),
            model=model,
        )
        ask_at_deployment(self, model)
        self.role = role or _role(self)
        _allow_containers(self, self.role, image.repository_arn, log_group)
        because = "a run reads the artifact that was deployed when it began"
        allow(self.role, "s3:GetObject", on=self.artifact.every_arn, because=because)
        resource = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=self.role.role_arn,
            enable_network_isolation=container.network_isolation,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=image.uri, model_data_url=self.artifact.url, environment=variables
            ),
        )
        resource.node.add_dependency(self.role)
        if owner is not None:
            resource.tags.set_tag(OWNER, owner)
            resource.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
            acknowledge(resource, DELETED_WITH_ITS_STACK)
        self._resource = resource
        self.model_name = resource.attr_model_name

    def protect(self, security: SecurityContext, *, data: bool = True) -> None:
        """Allow the containers to use the stage's key, and attach them to its VPC.

        Args:
            security: the stage's key and VPC.
            data: whether the containers read inputs and write outputs, as jobs do.
        """
        if data:
            security.allow_data(self.role, write=True)
        security.allow_volumes(self.role)
        if vpc := security.job_vpc:
            eni_permissions.allow_to_jobs(self.role)
            self._resource.vpc_config = sagemaker.CfnModel.VpcConfigProperty(
                subnets=list(vpc.subnets), security_group_ids=list(vpc.security_groups)
            )

    def _packages(self, model: Model, container: Container) -> Mapping[str, Path]:
        """The files of ``code/lib``; empty if nothing is bundled, as for ``cdk ls``."""
        if not Stack.of(self).bundling_required:
            return {}
        return packages(own_code.locks(model), runtime(container))

    def grant_read(self, bucket: s3.IBucket) -> None:
        """Allow the model's jobs to read a bucket's objects."""
        arn = bucket_arn(self, bucket)
        allow(self.role, "s3:ListBucket", on=arn)
        because = "an execution names the input folder; a job reads all its objects"
        allow(self.role, "s3:GetObject", on=f"{arn}/*", because=because)

    def grant_write(self, bucket: s3.IBucket) -> None:
        """Allow the model's jobs to write predictions to a bucket."""
        because = "an execution names the output folder; each input object has an output object"
        allow(
            self.role,
            "s3:AbortMultipartUpload",
            "s3:PutObject",
            on=f"{bucket_arn(self, bucket)}/*",
            because=because,
        )


def _role(scope: Construct) -> iam.Role:
    """The execution role; the stack grants it the buckets."""
    return iam.Role(
        scope,
        "Role",
        assumed_by=service_principal("sagemaker"),
        description="Containers: read the artifact and a job's input, write its output",
    )


def _allow_containers(
    scope: Construct, role: iam.IRole, repository_arn: str, log_group: str
) -> None:
    """Allow SageMaker to pull the image and to write the containers' logs and metrics.

    Source: "SageMaker roles", CreateModel API: execution role permissions.
    """
    allow(
        role,
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        on=colon_arn(scope, "logs", "log-group", f"{log_group}:*"),
        because="SageMaker names a log stream for each job and instance, and endpoints' groups",
    )
    allow(
        role,
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        on=repository_arn,
    )
    allow(
        role,
        "ecr:GetAuthorizationToken",
        on="*",
        because="GetAuthorizationToken and PutMetricData know no resource; the latter is held to "
        "SageMaker's namespaces by a condition",
    )
    allow(
        role,
        "cloudwatch:PutMetricData",
        on="*",
        conditions={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
    )
