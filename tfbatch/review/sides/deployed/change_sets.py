"""Asks CloudFormation, by a change set that is never executed, what it would do to a stack."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides.deployed.access import Access
from tfbatch.review.sides.deployed.staging import handed_over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ResourceChangeTypeDef

    from tfbatch.review.sides.stacks import Stack

_SECONDS: Final = 300
_PAUSE_SECONDS: Final = 1.0
_MAKING: Final = ("CREATE_PENDING", "CREATE_IN_PROGRESS")
_SAME: Final = ("didn't contain changes", "No updates are to be performed")
_CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")
"""Without ``CAPABILITY_AUTO_EXPAND``: making a change set would run the template's macros."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What CloudFormation would do to a stack."""

    changes: Mapping[str, ResourceChangeTypeDef] = field(default_factory=dict)
    """By logical id. Those of nested stacks are left out."""
    refused: str = ""
    """Why CloudFormation refuses the template; empty: it doesn't."""


def plan(base: Stack, head: Stack, *, reviewed: str) -> Plan:
    """What CloudFormation would do to a deployed stack.

    Args:
        base: the stack in the base. Its manifest names roles and bucket, because that of the
            head belongs to who wrote the change.
        head: the stack after the change.
        reviewed: the reader's name of the head, for the description of the change set.

    Raises:
        ReviewError: no change set can be made.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 # only if requested

    try:
        access = Access.to(base)
        client = access.acting(base.settings).client("cloudformation")
        with handed_over(head.template, base, access) as source:
            more = _arguments(client, base, head, access)
            about = f"tfbatch review of {reviewed}. It only shows changes, and is deleted at once."
            return _planned(client, head.deployed_name, Description=about[:1024], **source, **more)
    except (BotoCoreError, ClientError) as error:
        raise ReviewError(str(error)) from error


def _arguments(
    client: CloudFormationClient, base: Stack, head: Stack, access: Access
) -> dict[str, Any]:
    """What ``cdk deploy`` gives: the execution role, tags, and the parameters as they are."""
    deployed = client.describe_stacks(StackName=head.deployed_name)["Stacks"][0]
    known = {one["ParameterKey"] for one in deployed.get("Parameters", [])}
    kept = known.intersection(head.template.get("Parameters", {}))
    role = base.settings.get("cloudFormationExecutionRoleArn")
    tags = head.settings.get("tags") or {}
    found: dict[str, Any] = {
        "Parameters": [{"ParameterKey": one, "UsePreviousValue": True} for one in sorted(kept)],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    return found | ({"RoleARN": access.resolved(role)} if role else {})


def _planned(client: CloudFormationClient, stack: str, **arguments: Any) -> Plan:  # noqa: ANN401
    """Make a change set, read it and delete it, whatever happens."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 # only if requested

    name = f"tfbatch-review-{uuid.uuid4().hex[:12]}"
    is_there = True
    try:
        client.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE",
            ClientToken=name,
            IncludeNestedStacks=False,
            Capabilities=list(_CAPABILITIES),
            **arguments,
        )
        return _read(client, stack, name)
    except ClientError as error:
        is_there = error.operation_name != "CreateChangeSet"
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if is_there or code != "ValidationError" or message.startswith("S3 error"):
            raise
        return Plan(refused=message)
    finally:
        if is_there:
            _delete(client, stack, name)


def _read(client: CloudFormationClient, stack: str, name: str) -> Plan:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        found = client.describe_change_set(StackName=stack, ChangeSetName=name)
        if found["Status"] not in _MAKING:
            break
        time.sleep(_PAUSE_SECONDS)
    else:
        raise ReviewError(f"CloudFormation still made the change set after {_SECONDS} seconds")
    if found["Status"] == "FAILED":
        reason = found.get("StatusReason", "CloudFormation gives no reason")
        return Plan(refused="" if any(same in reason for same in _SAME) else reason)
    pages = client.get_paginator("describe_change_set").paginate(
        StackName=stack, ChangeSetName=name, IncludePropertyValues=True
    )
    changes = [one["ResourceChange"] for page in pages for one in page.get("Changes", [])]
    return Plan(changes={one["LogicalResourceId"]: one for one in changes})


def _delete(client: CloudFormationClient, stack: str, name: str) -> None:
    """Delete a change set, also one that is still being made; say how, if that fails."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 # only if requested

    end = time.monotonic() + _SECONDS
    while True:
        try:
            client.delete_change_set(StackName=stack, ChangeSetName=name)
        except (BotoCoreError, ClientError) as error:
            if "InvalidChangeSetStatus" in str(error) and time.monotonic() < end:
                time.sleep(_PAUSE_SECONDS)
                continue
            click.echo(_left(client, stack, name, error), err=True)
        return


def _left(client: CloudFormationClient, stack: str, name: str, error: Exception) -> str:
    return (
        f"The change set {name} of {stack} can't be deleted: {error}\nNobody has to execute it. "
        f"Delete it: aws cloudformation delete-change-set --stack-name {stack} "
        f"--change-set-name {name} --region {client.meta.region_name}"
    )
