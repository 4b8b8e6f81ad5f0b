"""Batch inference as one construct, for a stack of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack, Tags, Token
from constructs import Construct

from tfbatch_cdk.batch_inference.data import Data
from tfbatch_cdk.batch_inference.inference import Inference
from tfbatch_cdk.batch_inference.real_time import RealTime
from tfbatch_cdk.errors import SettingsError

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_stepfunctions as sfn

    from tfbatch_cdk.network.vpc import ExistingVpc
    from tfbatch_cdk.security.roles import Roles
    from tfbatch_cdk.settings import Stage
    from tfbatch_cdk.storage.buckets import Buckets


class BatchInference(Construct):
    """A prediction for every record of a bucket, with SageMaker Batch Transform.

    A Step Functions state machine takes a request, ``{"input": "s3://bucket/folder/", "format":
    "jpeg"}``, runs transform jobs over the folder with one of the models, and ends when every input
    has a prediction or is listed with its reason::

        from pathlib import Path

        from aws_cdk import App, Stack
        from tfbatch_cdk import BatchInference
        from tfbatch_cdk.settings import Format, Model, Stage as Settings

        app = App()
        stack = Stack(app, "Predictions")
        inference = BatchInference(
            stack,
            "BatchInference",
            stage=Settings(
                name="prod",
                models=(Model(name="churn", directory=Path("models/churn")),),
                formats={"csv": Format(content_type="text/csv", split_type="Line")},
            ),
        )
        inference.state_machine.grant_start_execution(some_role)

    Everything that you don't bring along is made, encrypted, private and with least privilege.

    Bring your own:

    ``buckets``
        Roles of the construct get what they need of them. A bucket policy that denies others must
        admit these roles. A bucket's own key (``IBucket.encryption_key``) is granted as well.
        Jobs encrypt predictions with the stage's key, whatever the output bucket's default is.
    ``key``
        Encrypts objects, logs, notifications and volumes. The key policy of a ``kms.Key`` of the
        same app gets the statements of ``key_policy``; the owner of an imported key adds them.
    ``vpc``
        Jobs and functions run in its private subnets. It must have endpoints for S3,
        ``sagemaker.api`` and ``logs``, or a way to the internet.
    ``topic``
        Tells of finished runs and alarms. An imported topic's policy must let
        ``cloudwatch.amazonaws.com`` publish.
    ``roles``
        For companies whose roles are made elsewhere; see ``Roles``. No roles for people are made.
    ``stage.protection.access.permissions_boundary``
        Bounds every role that the construct makes.
    """

    def __init__(  # noqa: PLR0913 # what a company may bring along
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        buckets: Buckets | None = None,
        key: kms.IKey | None = None,
        vpc: ExistingVpc | None = None,
        topic: sns.ITopic | None = None,
        roles: Roles | None = None,
    ) -> None:
        """Make data and inference, and an endpoint if the stage has one.

        Args:
            scope: a stack, or a construct in one.
            construct_id: its id in the scope.
            stage: models, formats, instances, protection: ``tfbatch_cdk.settings.Stage``. The
                account and the region are the stack's.
            buckets: buckets that exist, for inputs, predictions and working files.
            key: a key that exists.
            vpc: a VPC that exists, instead of ``stage.protection.network``.
            topic: a topic that exists.
            roles: IAM roles that exist, one for each actor.

        Raises:
            SettingsError: a setting or a model can't be deployed, or the stage names another
                account or region than the stack's.
        """
        super().__init__(scope, construct_id)
        _check_environment(Stack.of(self), stage)
        for name, value in stage.all_tags().items():
            Tags.of(self).add(name, value)
        self.data = Data(self, "Data", stage=stage, buckets=buckets, key=key)
        """Buckets and key."""
        self.inference = Inference(
            self, "Inference", stage=stage, data=self.data, vpc=vpc, topic=topic, roles=roles
        )
        """Models, functions, workflow, triggers and monitoring."""
        self.real_time: RealTime | None = None
        """The endpoint; ``None`` if the stage has none."""
        if stage.endpoint is not None:
            self.real_time = RealTime(
                self,
                "RealTime",
                stage=stage,
                endpoint=stage.endpoint,
                security=self.inference.security,
                topic=self.inference.topic,
                role=roles.model if roles else None,
            )

    @property
    def state_machine(self) -> sfn.StateMachine:
        """Runs a request."""
        return self.inference.state_machine

    @property
    def input_bucket(self) -> s3.IBucket:
        """Records to predict; a ``*.request.json`` in it starts a run."""
        return self.data.input_bucket

    @property
    def output_bucket(self) -> s3.IBucket:
        """Predictions: a folder for each run."""
        return self.data.output_bucket

    @property
    def work_bucket(self) -> s3.IBucket:
        """Working files of runs."""
        return self.data.work_bucket

    @property
    def key(self) -> kms.IKey | None:
        """Encrypts everything; ``None``: the AWS services use keys of their own."""
        return self.data.key

    @property
    def key_policy(self) -> list[iam.PolicyStatement]:
        """The statements that the policy of a given key needs.

        ``statement.to_statement_json()`` shows one to the owner of an imported key.
        """
        return self.data.key_policy

    @property
    def topic(self) -> sns.ITopic:
        """Tells of finished runs and alarms."""
        return self.inference.topic

    @property
    def endpoint_name(self) -> str | None:
        """The real-time endpoint's name; ``None`` if the stage has none."""
        return self.real_time.endpoint.name if self.real_time else None


def _check_environment(stack: Stack, stage: Stage) -> None:
    """Refuse a stage of another account or region than the stack's."""
    for name, wanted, actual in (
        ("account", stage.account, stack.account),
        ("region", stage.region, stack.region),
    ):
        if wanted is not None and not Token.is_unresolved(actual) and wanted != actual:
            raise SettingsError(
                f"Stage.{name} = {wanted!r}: the construct is in a stack of {actual!r}; leave it "
                "None, because the stack decides"
            )
