"""The stack with the stage's data: its buckets and its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack

from tfbatch_cdk import Data
from tfbatch_cdk.security.grants import apply_permissions_boundary

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
        self.data = Data(self, "Default", stage=stage)
        apply_permissions_boundary(self, stage.protection.access.permissions_boundary)
        CfnOutput(self, "InputBucketName", value=self.data.input_bucket.bucket_name)
        CfnOutput(self, "OutputBucketName", value=self.data.output_bucket.bucket_name)
        CfnOutput(self, "WorkBucketName", value=self.data.work_bucket.bucket_name)
