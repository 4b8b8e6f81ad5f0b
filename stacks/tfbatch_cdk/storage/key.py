"""The KMS key of a stage and its key policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from tfbatch_cdk.security.context import DELIVERED, removal_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

_ADMINISTRATION = (
    *("kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey"),
    *("kms:DisableKey", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy"),
    *("kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies"),
    *("kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:ScheduleKeyDeletion"),
    *("kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription"),
)
"""Every action except use of the key: an administrator can't decrypt data with it."""

_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
_LOG_USE = (
    "kms:Decrypt*",
    "kms:Describe*",
    "kms:Encrypt*",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
)
"""Source: CloudWatch Logs user guide, "Encrypt log data in CloudWatch Logs"."""

_WAITING_DAYS = 30


class Encryption(Construct):
    """A key that rotates every year; a retained key can be restored for 30 days after deletion."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: str, retain: bool) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description=f"tfbatch {stage}: inputs, predictions, logs, notifications",
            enable_key_rotation=True,
            pending_window=Duration.days(_WAITING_DAYS if retain else 7),
            removal_policy=removal_policy(retain=retain),
            alias=f"tfbatch-{stage}",
            policy=iam.PolicyDocument(
                statements=[
                    _administration(),
                    *uses(Stack.of(self), stage=stage),
                ]
            ),
        )


def uses(stack: Stack, *, stage: str) -> list[iam.PolicyStatement]:
    """What a key's policy must allow, so that a stage can use the key.

    The names of log groups begin with their stack's: those of this app's stacks, and ``stack``'s
    if it is another app's.

    Args:
        stack: a stack in the stage's account and region.
        stage: its name.
    """
    own, name = f"tfbatch-{stage}-", f"{stack.stack_name}-"
    groups = [f"{own}*"] if name.startswith(own) else [f"{own}*", f"{name}*"]
    return [_data(stack), _volumes(stack), _logs(stack, groups), _alarms()]


def _statement(
    sid: str,
    actions: tuple[str, ...],
    principal: iam.IPrincipal,
    conditions: dict[str, dict[str, object]] | None = None,
) -> iam.PolicyStatement:
    """A statement of the key policy, in which ``*`` is the key itself."""
    return iam.PolicyStatement(
        sid=sid,
        actions=list(actions),
        principals=[principal],
        resources=["*"],
        conditions=conditions,
    )


def _administration() -> iam.PolicyStatement:
    return _statement("AdministeredByTheAccount", _ADMINISTRATION, iam.AccountRootPrincipal())


def _data(stack: Stack) -> iam.PolicyStatement:
    """Any principal whose own policy allows it, but only through S3 and SNS."""
    services = [f"{name}.{stack.region}.{Aws.URL_SUFFIX}" for name in ("s3", "sns")]
    return _statement(
        "UsedThroughS3AndSns",
        _USE,
        iam.AccountRootPrincipal(),
        {"StringEquals": {"kms:ViaService": services, "kms:CallerAccount": Aws.ACCOUNT_ID}},
    )


def _volumes(stack: Stack) -> iam.PolicyStatement:
    """SageMaker encrypts the volumes of a job's instances, by a grant of the job's caller."""
    return _statement(
        "GrantedToTheVolumesOfJobs",
        ("kms:CreateGrant",),
        iam.AccountRootPrincipal(),
        {
            "StringEquals": {
                "kms:ViaService": f"sagemaker.{stack.region}.{Aws.URL_SUFFIX}",
                "kms:CallerAccount": Aws.ACCOUNT_ID,
            },
            "Bool": {"kms:GrantIsForAWSResource": "true"},
        },
    )


def _logs(stack: Stack, groups: Sequence[str]) -> iam.PolicyStatement:
    start = f"arn:{Aws.PARTITION}:logs:{stack.region}:{stack.account}:log-group:"
    return _statement(
        "UsedByTheStagesLogGroups",
        _LOG_USE,
        iam.ServicePrincipal(f"logs.{stack.region}.{Aws.URL_SUFFIX}"),
        {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": [
                    f"{start}{prefix}{group}" for group in groups for prefix in ("", DELIVERED)
                ]
            }
        },
    )


def _alarms() -> iam.PolicyStatement:
    return _statement(
        "UsedByAlarmsToNotify",
        ("kms:Decrypt", "kms:GenerateDataKey"),
        iam.ServicePrincipal("cloudwatch.amazonaws.com"),
        {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )
