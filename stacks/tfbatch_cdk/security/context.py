"""What every part of a stage shares of its protection: the key, how long logs are kept, the VPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs

from tfbatch_cdk.security.grants import allow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from constructs import Construct


_READ = ("kms:Decrypt",)
_WRITE = ("kms:Decrypt", "kms:GenerateDataKey")
"""An upload in parts reads the data key of the parts before (S3 user guide, "multipart upload")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VpcConfig:
    """Subnets and security group, as CreateModel and CreateFunction take them."""

    subnets: Sequence[str]
    security_group: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityContext:
    """A stage's protection as its constructs apply it."""

    retain: bool
    """Keep what holds data when its stack is deleted."""
    log_days: int
    key: kms.IKey | None = None
    """Of the stage's own; the services' own keys encrypt where there is none."""
    further_keys: Sequence[str] = ()
    """ARNs of keys of others, of objects that are only read."""
    job_vpc: VpcConfig | None = None
    function_vpc: VpcConfig | None = None

    def log_group(self, scope: Construct, construct_id: str) -> logs.LogGroup:
        """A log group, encrypted, kept as long as the stage says."""
        group = logs.LogGroup(
            scope,
            construct_id,
            encryption_key=self.key,
            removal_policy=RemovalPolicy.RETAIN if self.retain else RemovalPolicy.DESTROY,
        )
        resource = cast("logs.CfnLogGroup", group.node.default_child)
        resource.retention_in_days = self.log_days
        return group

    def allow_data(self, role: iam.Role, *, write: bool) -> None:
        """Let a role read, or read and write, encrypted objects; in S3 and nowhere else."""
        through = _via("s3", role)
        if self.key:
            actions = _WRITE if write else _READ
            allow(role, *actions, on=self.key.key_arn, conditions=through)
        for key in self.further_keys:
            allow(role, *_READ, on=key, conditions=through)

    def allow_volumes(self, role: iam.Role) -> None:
        """Let a role hand the key to SageMaker for the disks of a job's instances."""
        if self.key:
            conditions = {**_via("sagemaker", role), "Bool": {"kms:GrantIsForAWSResource": "true"}}
            allow(role, "kms:CreateGrant", on=self.key.key_arn, conditions=conditions)

    def allow_notifications(self, role: iam.Role) -> None:
        """Let a role publish to an encrypted topic."""
        if self.key:
            allow(role, *_WRITE, on=self.key.key_arn, conditions=_via("sns", role))


def _via(service: str, role: iam.Role) -> dict[str, dict[str, str]]:
    """The condition that a key is used through a service of the stack's region."""
    region = Stack.of(role).region
    return {"StringEquals": {"kms:ViaService": f"{service}.{region}.{Aws.URL_SUFFIX}"}}
