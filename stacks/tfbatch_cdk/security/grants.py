"""Grants, action by action, each wildcard with its reason for the reviewer and for cdk-nag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_s3 as s3
    from constructs import IConstruct


def allow(
    role: iam.Role,
    *actions: str,
    on: str,
    conditions: Mapping[str, Mapping[str, str]] | None = None,
    because: str | None = None,
) -> None:
    """Let a role take actions on a resource.

    Args:
        role: who may.
        actions: in full, such as ``s3:GetObject``.
        on: the resource's ARN.
        conditions: under which it holds, by operator.
        because: why ``on`` has a wildcard; an ARN with one is refused by the checks without it.
    """
    role.add_to_policy(
        iam.PolicyStatement(
            actions=list(actions),
            resources=[on],
            conditions=dict(conditions) if conditions else None,
        )
    )
    if because:
        accept_wildcard(role, on, because=because)


def refuse(
    role: iam.Role, *actions: str, on: str, conditions: Mapping[str, Mapping[str, str]]
) -> None:
    """Keep a role from actions under conditions, whatever else allows them."""
    role.add_to_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=list(actions),
            resources=[on],
            conditions=dict(conditions),
        )
    )


def accept_wildcard(scope: IConstruct, resource: str, *, because: str) -> None:
    """Acknowledge cdk-nag's IAM5 finding for one resource, as it writes it."""
    shown = _flat(Stack.of(scope).resolve(resource))
    finding = Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{shown}]", reason=because)
    Validations.of(scope).acknowledge(finding)


def bucket_arn(scope: IConstruct, bucket: s3.IBucket) -> str:
    """A bucket's ARN as ``scope``'s stack will write it, though the bucket may be of another."""
    owner = bucket.stack
    same = owner.node.path == Stack.of(scope).node.path
    return bucket.bucket_arn if same else owner.export_value(bucket.bucket_arn)


def _flat(value: Any) -> str:  # noqa: ANN401 # a CloudFormation template's node
    """A template's value as cdk-nag prints it: ``arn:<AWS::Partition>:s3:::name/*``."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": name}:
            return str(name)
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flat(part) for part in parts)
        case {"Fn::Sub": text}:
            return str(text).replace("${", "<").replace("}", ">")
        case _:
            return str(value)
