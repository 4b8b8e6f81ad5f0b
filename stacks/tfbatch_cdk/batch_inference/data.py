"""The data of a stage: its buckets and its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from constructs import Construct

from tfbatch_cdk.batch_inference.feature_flags import pin
from tfbatch_cdk.security.grants import apply_permissions_boundary
from tfbatch_cdk.storage.buckets import Buckets, Storage
from tfbatch_cdk.storage.key import Encryption, uses

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3

    from tfbatch_cdk.settings import Stage


class Data(Construct):
    """Buckets for inputs, predictions and working files, and the key that encrypts them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        buckets: Buckets | None = None,
        key: kms.IKey | None = None,
    ) -> None:
        """Make what isn't given.

        Args:
            scope: the parent.
            construct_id: its id in the parent.
            stage: ``retain_data`` and ``protection`` matter here.
            buckets: buckets that exist.
            key: a key that exists, for everything of the stage. ``None``: a new one, if
                ``Protection.customer_key`` is set. ``key_policy`` is what its policy must allow.
        """
        super().__init__(scope, construct_id)
        pin(self)
        retain, protection = stage.retain_data, stage.protection
        self._stage = stage.name
        self.given = buckets or Buckets()
        self.key = key
        if key is None and protection.customer_key:
            self.key = Encryption(self, "Encryption", stage=stage.name, retain=retain).key
        if key is not None:
            for statement in self.key_policy:
                key.add_to_resource_policy(statement)  # does nothing for an imported key
        self.storage = Storage(
            self,
            "Storage",
            retain=retain,
            retention=protection.retention,
            key=self.key,
            own=self.given,
        )
        apply_permissions_boundary(self, protection.access.permissions_boundary)

    @property
    def key_policy(self) -> list[iam.PolicyStatement]:
        """The statements that a given key's policy needs. The owner of an imported key adds them.

        They are added to a key of the same app. ``statement.to_statement_json()`` shows them.
        """
        return uses(Stack.of(self), stage=self._stage)

    @property
    def input_bucket(self) -> s3.IBucket:
        """Records to predict; a ``*.request.json`` in it starts a run."""
        return self.storage.input

    @property
    def output_bucket(self) -> s3.IBucket:
        """Predictions."""
        return self.storage.output

    @property
    def work_bucket(self) -> s3.IBucket:
        """Working files of runs."""
        return self.storage.work
