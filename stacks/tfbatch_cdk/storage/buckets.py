"""The S3 buckets of a stage: input, output, work and access logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from tfbatch_cdk.security.context import removal_policy
from tfbatch_cdk.security.nag_acknowledgements import (
    LOGS_BY_S3_KEY,
    LOGS_OF_LOGS,
    REPLICATION,
    acknowledge,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_kms as kms

    from tfbatch_cdk.settings import Retention

_ABORT_UPLOADS_AFTER = Duration.days(7)
"""A failed transform job may leave incomplete uploads, which are not listed but cost money."""

_ENCRYPTION = "s3:x-amz-server-side-encryption"
_KEY = f"{_ENCRYPTION}-aws-kms-key-id"
_CUSTOMER = f"{_ENCRYPTION}-customer-algorithm"


@dataclass(frozen=True, kw_only=True, slots=True)
class Buckets:
    """Buckets that exist; ``None``: the construct makes one."""

    input: s3.IBucket | None = None
    """Records. A request file in it starts a run only if its owner turned on the bucket's
    notifications to EventBridge."""
    output: s3.IBucket | None = None
    """Predictions, in a folder for each run."""
    work: s3.IBucket | None = None
    """Manifests, plans and results of shards. They can be deleted a day after a run."""

    def all_given(self) -> bool:
        """Whether the construct makes none."""
        return None not in (self.input, self.output, self.work)

    def keys(self) -> list[kms.IKey]:
        """Their own keys, as far as the app knows them, each once."""
        found = [bucket.encryption_key for bucket in (self.input, self.output, self.work) if bucket]
        return list({key.node.path: key for key in found if key}.values())


class Storage(Construct):
    """Input, output and work buckets: encrypted, TLS only, with access logs.

    A bucket that is brought along stays as it is.
    """

    def __init__(  # noqa: PLR0913 # keyword-only
        self,
        scope: Construct,
        construct_id: str,
        *,
        retain: bool,
        retention: Retention,
        key: kms.IKey | None,
        own: Buckets,
    ) -> None:
        super().__init__(scope, construct_id)
        acknowledge(self, REPLICATION)
        self.key = key
        self._retain = retain
        self._old_versions = Duration.days(retention.old_version_days)
        self._access_logs = None if own.all_given() else self._log_bucket(retention)
        self.input = own.input or self._input_bucket(retention)
        self.output = own.output or self._logged_bucket("Output", days=retention.output_days)
        self.work = own.work or self._logged_bucket("Work", days=retention.work_days)

    def _log_bucket(self, retention: Retention) -> s3.Bucket:
        """The access logs; S3 writes none to a bucket with a KMS key as its default encryption."""
        bucket = self._bucket("AccessLogs", days=retention.access_log_days, key=None)
        acknowledge(bucket, LOGS_BY_S3_KEY, LOGS_OF_LOGS)
        return bucket

    def _input_bucket(self, retention: Retention) -> s3.IBucket:
        bucket = self._logged_bucket("Input", days=retention.input_days)
        # The L2's event_bridge_enabled adds a Lambda function for this.
        cast("s3.CfnBucket", bucket.node.default_child).add_property_override(
            "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled",
            True,  # noqa: FBT003 # the CDK's own signature
        )
        return bucket

    def _logged_bucket(self, construct_id: str, *, days: int | None) -> s3.IBucket:
        bucket = self._bucket(construct_id, days=days, key=self.key, logs=self._access_logs)
        _deny_other_encryption(bucket, self.key)
        return bucket

    def _bucket(
        self,
        construct_id: str,
        *,
        days: int | None,
        key: kms.IKey | None,
        logs: s3.IBucket | None = None,
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=key is not None,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            server_access_logs_bucket=logs,
            server_access_logs_prefix=f"{construct_id.lower()}/" if logs else None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=_ABORT_UPLOADS_AFTER,
                    expiration=None if days is None else Duration.days(days),
                    noncurrent_version_expiration=self._old_versions,
                )
            ],
            removal_policy=removal_policy(retain=self._retain),
            auto_delete_objects=not self._retain,
        )


def _deny_other_encryption(bucket: s3.Bucket, key: kms.IKey | None) -> None:
    """Deny a put that requests another encryption than the bucket's default.

    A put without encryption headers gets the default. ``StringNotEquals`` alone is also true for a
    missing header and would deny such a put, so ``Null`` tests for the header first. ``aws:kms``
    without a key means the account's key ``aws/s3``.
    """
    wanted = "aws:kms" if key else "AES256"
    conditions: dict[str, Mapping[str, Mapping[str, str]]] = {
        "Customer": {"Null": {_CUSTOMER: "false"}},
        "Other": {"Null": {_ENCRYPTION: "false"}, "StringNotEquals": {_ENCRYPTION: wanted}},
    }
    if key:
        conditions |= {
            "OtherKey": {"Null": {_KEY: "false"}, "ArnNotEquals": {_KEY: key.key_arn}},
            "NoKey": {"Null": {_KEY: "true"}, "StringEquals": {_ENCRYPTION: wanted}},
        }
    anybody, objects = iam.AnyPrincipal(), bucket.arn_for_objects("*")
    for name, condition in conditions.items():
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"Deny{name}Encryption" if name != "NoKey" else "DenyEncryptionWithNoKey",
                effect=iam.Effect.DENY,
                principals=[anybody],
                actions=["s3:PutObject"],
                resources=[objects],
                conditions=condition,
            )
        )
