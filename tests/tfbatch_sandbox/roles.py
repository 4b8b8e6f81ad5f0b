"""IAM roles as tests need them."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfbatch_sandbox.services.json_type import Json


def make_role(iam: Json, name: str, principal: Json, *statements: Json, **more: str) -> str:
    """A role with these statements and no others, made or changed; its ARN."""
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal), **more)
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return str(iam.get_role(RoleName=name)["Role"]["Arn"])


def trust(principal: Json, condition: Json = None) -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    conditional = {"Condition": condition} if condition else {}
    return document(statement | conditional)


def document(*statements: Json) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, on: str) -> Json:
    """A statement that allows actions on a resource."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def make_usual(iam: Json) -> None:
    """``workflow`` and ``models``, with which tests make what they are not about; they may all."""
    for name, service in (("workflow", "states"), ("models", "sagemaker")):
        make_role(iam, name, {"Service": f"{service}.amazonaws.com"}, allow("*", on="*"))
