"""IAM grants: service principals, ARNs, allowed and denied actions, and the permissions boundary.

Every grant lists its actions. A grant whose resource has a wildcard gives the reason for it, which
cdk-nag and a security reviewer read.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from aws_cdk import Acknowledgment, ArnFormat, Aws, Stack, Validations
from aws_cdk import aws_iam as iam

from tfbatch_cdk.workflow.fields import jobs_of_stage

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from aws_cdk import aws_s3 as s3
    from constructs import Construct, IConstruct


def service_principal(service: str) -> iam.ServicePrincipal:
    """A service as a principal that acts only for this account.

    Source: IAM user guide, "The confused deputy problem".

    Args:
        service: such as ``states``.
    """
    return iam.ServicePrincipal(
        f"{service}.amazonaws.com",
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )


def allow(
    role: iam.IRole,
    *actions: str,
    on: str | Sequence[str],
    conditions: Mapping[str, Mapping[str, str]] | None = None,
    because: str | None = None,
) -> None:
    """Allow a role to take actions on a resource, or on several.

    Args:
        role: the role.
        actions: in full, such as ``s3:GetObject``.
        on: the resources' ARNs.
        conditions: of the statement, by operator.
        because: why ``on`` has a wildcard; the checks refuse a wildcard without a reason.
    """
    resources = [on] if isinstance(on, str) else on
    _add(role, "Allow", actions, resources, conditions or {})
    if because:
        acknowledge_wildcard(role, *resources, because=because)


def deny(
    role: iam.IRole, *actions: str, on: str, conditions: Mapping[str, Mapping[str, str]]
) -> None:
    """Deny a role actions under conditions, even if another statement allows them."""
    _add(role, "Deny", actions, [on], conditions)


def _add(
    role: iam.IRole,
    effect: str,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, Mapping[str, str]],
) -> None:
    """Add a statement.

    Statements are many. Made from JSON they take the CDK half the time, and what the method for
    imported roles answers takes two more calls.
    """
    statement = iam.PolicyStatement.from_json(
        {
            "Effect": effect,
            "Action": [*actions],
            "Resource": [*resources],
            "Condition": dict(conditions),
        }
    )
    if isinstance(role, iam.Role):
        role.add_to_policy(statement)
    else:
        role.add_to_principal_policy(statement)


def acknowledge_wildcard(scope: IConstruct, *resources: str, because: str) -> None:
    """Acknowledge cdk-nag's finding IAM5 for resources."""
    stack = stack_of(cast("Hashable", scope))
    findings = [
        Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{_shown(stack, one)}]", reason=because)
        for one in resources
    ]
    validations(cast("Hashable", scope)).acknowledge(*findings)


# Each answer is a call of the CDK's process, and most grants ask for the same ones.
@cache
def stack_of(scope: IConstruct) -> Stack:
    """The stack of a construct."""
    return Stack.of(scope)


@cache
def _shown(stack: Stack, resource: str) -> str:
    return _flat(stack.resolve(resource))


@cache
def validations(scope: IConstruct) -> Validations:
    """Where a construct's findings are acknowledged."""
    return Validations.of(scope)


def apply_permissions_boundary(scope: Construct, policy: str | None) -> None:
    """Bound every role of a stack or a construct, including those that the CDK makes.

    Args:
        scope: the stack or the construct.
        policy: ARN of a managed policy; ``None``: no boundary.
    """
    if policy:
        boundary = iam.ManagedPolicy.from_managed_policy_arn(scope, "Boundary", policy)
        iam.PermissionsBoundary.of(scope).apply(boundary)


def transform_jobs_arn(scope: IConstruct, stage: str) -> str:
    """The ARN of all transform jobs of a stage, by the prefix of their names."""
    return stack_of(cast("Hashable", scope)).format_arn(
        service="sagemaker", resource="transform-job", resource_name=f"{jobs_of_stage(stage)}*"
    )


def colon_arn(scope: IConstruct, service: str, resource: str, name: str) -> str:
    """An ARN of the form ``arn:…:service:…:resource:name``."""
    return stack_of(cast("Hashable", scope)).format_arn(
        service=service,
        resource=resource,
        resource_name=name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def bucket_arn(scope: IConstruct, bucket: s3.IBucket) -> str:
    """A bucket's ARN for the stack of ``scope``; a bucket of another stack is exported there."""
    return _bucket_arn(stack_of(cast("Hashable", scope)), cast("Hashable", bucket))


@cache
def _bucket_arn(stack: Stack, bucket: s3.IBucket) -> str:
    owner = bucket.stack
    same = owner.node.path == stack.node.path
    return bucket.bucket_arn if same else owner.export_value(bucket.bucket_arn)


def _flat(value: Any) -> str:  # noqa: ANN401 # a CloudFormation template's node
    """A template value as cdk-nag prints it: ``arn:<AWS::Partition>:s3:::name/*``."""
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
