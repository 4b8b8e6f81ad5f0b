"""The buckets: what goes in, what comes out, and what the workflow needs in between."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

_ABORT_UPLOADS_AFTER = Duration.days(7)
"""A failed transform job may leave incomplete parts behind, which cost but can't be seen."""

_WORK_EXPIRES_AFTER = Duration.days(30)
_LOGS_EXPIRE_AFTER = Duration.days(365)


class Storage(Construct):
    """Input, output and work buckets, encrypted, reached over TLS only, with access logs."""

    def __init__(self, scope: Construct, construct_id: str, *, retain: bool) -> None:
        super().__init__(scope, construct_id)
        self._retain = retain
        self._access_logs = self._bucket(
            "AccessLogs", versioned=False, expires_after=_LOGS_EXPIRE_AFTER
        )
        self.input = self._bucket("Input", versioned=True)
        # The L2's event_bridge_enabled adds a function that sets what the resource can set itself.
        cast("s3.CfnBucket", self.input.node.default_child).add_property_override(
            "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled",
            True,  # noqa: FBT003 # the CDK's own signature
        )
        self.output = self._bucket("Output", versioned=True)
        self.work = self._bucket("Work", versioned=False, expires_after=_WORK_EXPIRES_AFTER)

    def _bucket(
        self, construct_id: str, *, versioned: bool, expires_after: Duration | None = None
    ) -> s3.Bucket:
        logs = None if construct_id == "AccessLogs" else self._access_logs
        return s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=versioned,
            server_access_logs_bucket=logs,
            server_access_logs_prefix=f"{construct_id.lower()}/" if logs else None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=_ABORT_UPLOADS_AFTER,
                    expiration=expires_after,
                )
            ],
            removal_policy=RemovalPolicy.RETAIN if self._retain else RemovalPolicy.DESTROY,
            auto_delete_objects=not self._retain,
        )
