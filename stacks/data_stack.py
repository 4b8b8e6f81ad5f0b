"""The stack with the stage's data: its buckets and its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack

from tfbatch_cdk.security.grants import apply_permissions_boundary
from tfbatch_cdk.storage.buckets import Storage
from tfbatch_cdk.storage.key import Encryption

if TYPE_CHECKING:
    from constructs import Construct

    from tfbatch_cdk.settings import Stage


class DataStack(Stack):
    """Buckets and key; protected against deletion if the stage retains its data."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            description="tfbatch: the data that goes in and the predictions that come out",
            env=Environment(account=stage.account, region=stage.region),
            termination_protection=stage.retain_data,
            tags=stage.all_tags(),
        )
        retain, protection = stage.retain_data, stage.protection
        self.key = (
            Encryption(self, "Encryption", stage=stage.name, retain=retain).key
            if protection.customer_key
            else None
        )
        self.storage = Storage(
            self, "Storage", retain=retain, retention=protection.retention, key=self.key
        )
        apply_permissions_boundary(self, protection.access.permissions_boundary)
        CfnOutput(self, "InputBucketName", value=self.storage.input.bucket_name)
        CfnOutput(self, "OutputBucketName", value=self.storage.output.bucket_name)
        CfnOutput(self, "WorkBucketName", value=self.storage.work.bucket_name)
