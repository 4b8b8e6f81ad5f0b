"""The key, the log retention and the VPC configuration that all constructs of a stage share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aws_cdk import Aws, Fn, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs

from tfbatch_cdk.security.grants import allow, stack_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from constructs import Construct


def removal_policy(*, retain: bool) -> RemovalPolicy:
    """Keep a resource, except when its stack's first deployment fails: then it holds nothing.

    It would be an orphan, and its name would be in the way of the next try.
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if retain else RemovalPolicy.DESTROY


DELIVERED = "/aws/vendedlogs/states/"
_READ = ("kms:Decrypt",)
_WRITE = ("kms:Decrypt", "kms:GenerateDataKey")
"""A multipart upload also decrypts (S3 user guide, "multipart upload")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VpcConfig:
    """Subnets and security groups, as CreateModel and CreateFunction take them."""

    subnets: Sequence[str]
    security_groups: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityContext:
    """A stage's protection, in the form that its constructs use."""

    retain: bool
    """Keep resources that hold data when their stack is deleted."""
    log_days: int
    key: kms.IKey | None = None
    """The stage's key; ``None``: the AWS services encrypt with their own keys."""
    further_keys: Sequence[str] = ()
    """ARNs of other keys, for objects that are only read."""
    bucket_keys: Sequence[kms.IKey] = ()
    """Keys of buckets that were brought along, for objects that are read and written."""
    job_vpc: VpcConfig | None = None
    function_vpc: VpcConfig | None = None

    def delivered_log_group(self, scope: Construct, construct_id: str) -> logs.LogGroup:
        """An encrypted log group of a state machine.

        Step Functions adds each log group to a resource policy of the account, which has room for
        5,120 characters, unless its name begins so (Step Functions developer guide, "Using
        CloudWatch Logs", policy size). The name ends with the stack's id, since a retained group
        outlives its stack.
        """
        stack = Stack.of(scope)
        unique = Fn.select(4, Fn.split("-", Fn.select(2, Fn.split("/", Aws.STACK_ID))))
        path = scope.node.path.removeprefix(stack.node.path)
        place = f"{scope.node.id}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
        return self.log_group(
            scope, construct_id, name=f"{DELIVERED}{stack.stack_name}-{place}-{unique}"
        )

    def log_group(
        self, scope: Construct, construct_id: str, *, name: str | None = None
    ) -> logs.LogGroup:
        """An encrypted log group with the stage's retention.

        Args:
            scope: its parent.
            construct_id: its id there.
            name: its name; ``None``: CloudFormation gives it one that begins with the stack's.
        """
        group = logs.LogGroup(
            scope,
            construct_id,
            log_group_name=name,
            encryption_key=self.key,
            removal_policy=removal_policy(retain=self.retain),
        )
        resource = cast("logs.CfnLogGroup", group.node.default_child)
        resource.retention_in_days = self.log_days
        return group

    def allow_data(self, role: iam.IRole, *, write: bool) -> None:
        """Allow a role to use the key through S3, to read or to read and write objects."""
        through, actions = _via("s3", role), _WRITE if write else _READ
        own = [key.key_arn for key in (self.key, *self.bucket_keys) if key]
        if own:
            allow(role, *actions, on=own, conditions=through)
        if self.further_keys:
            allow(role, *_READ, on=self.further_keys, conditions=through)

    def allow_volumes(self, role: iam.IRole) -> None:
        """Allow a role to grant the key to SageMaker, for the volumes of instances."""
        if self.key:
            conditions = {**_via("sagemaker", role), "Bool": {"kms:GrantIsForAWSResource": "true"}}
            allow(role, "kms:CreateGrant", on=self.key.key_arn, conditions=conditions)

    def allow_notifications(self, role: iam.IRole) -> None:
        """Allow a role to publish to an encrypted topic."""
        if self.key:
            allow(role, *_WRITE, on=self.key.key_arn, conditions=_via("sns", role))


def _via(service: str, role: iam.IRole) -> dict[str, dict[str, str]]:
    """The condition that a service of the stack's region uses the key."""
    region = stack_of(cast("Hashable", role)).region
    return {"StringEquals": {"kms:ViaService": f"{service}.{region}.{Aws.URL_SUFFIX}"}}
