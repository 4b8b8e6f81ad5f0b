"""Splits the policy statements of a stage into single grants."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from tfbatch.review.sides import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.sides.assembly import Resource, Stage

Condition = tuple[str, str, str]
"""Operator, key and value: ``("StringEquals", "aws:SourceAccount", "{AccountId}")``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """One principal, one action, one resource."""

    principal: str
    """``role Workflow/StateMachine/Role``, ``service sagemaker.amazonaws.com``, ``anyone``."""
    action: str
    """``s3:GetObject``, ``s3:*``; ``all but s3:*`` for a NotAction."""
    resource: str
    conditions: frozenset[Condition] = frozenset()
    """All must hold."""
    deny: bool = False
    trust: bool = False
    """Who may assume a role, instead of what a role may do; ``resource`` is the role."""

    @property
    def subject(self) -> str:
        """Whom a reviewer asks about: the role, for who may assume it."""
        return f"role {self.resource}" if self.trust else self.principal

    def covers(self, other: Grant) -> bool:
        """Whether this grant includes the other: wider or equal in everything."""
        return (
            (self.deny, self.trust) == (other.deny, other.trust)
            and self.principal in (other.principal, ANYONE)
            and _matches(self.action.lower(), other.action.lower())
            and _matches(self.resource, other.resource)
            and self.conditions <= other.conditions
        )


ANYONE = "anyone"
_IDENTITIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")


def grants_of(stage: Stage) -> frozenset[Grant]:
    """All grants of a stage's resources."""
    return frozenset(
        grant for one in stage.resources.values() for grant in _granted(stage, stage.called(one))
    )


def breadth(action: str) -> int | None:
    """The number of actions that a pattern matches; ``None`` if the service is unknown."""
    service, _, pattern = action.lower().partition(":")
    known = schemas.actions(service)
    return sum(_matches(pattern, one) for one in known) if known else None


def _granted(stage: Stage, resource: Resource) -> Iterator[Grant]:
    # New contents of a bundle are not a new permission to read it.
    properties = stage.properties(resource, contents=False)
    holders = _holders(stage, resource, properties)
    roles = _identities(stage)
    for name, document in _documents(properties):
        trust = name == "AssumeRolePolicyDocument"
        target = resource.path if trust else _target(resource, properties)
        for statement in _listed(document["Statement"]):
            named = _principals(statement)
            principals = [roles.get(one, one) for one in named] or holders
            for grant in _of_statement(statement, principals, target):
                yield replace(grant, trust=trust)
    if resource.kind == "AWS::IAM::Role":
        for arn in _listed(properties.get("ManagedPolicyArns", [])):
            for holder in holders:
                yield Grant(
                    principal=holder,
                    action=f"the managed policy {arn}",
                    resource="the policy's own",
                )
    if resource.kind == "AWS::Lambda::Permission":
        yield _invocation(properties)


def _holders(stage: Stage, resource: Resource, properties: Mapping[str, Any]) -> list[str]:
    """The roles, users and groups of an identity policy."""
    if resource.kind in _IDENTITIES:
        return [str(resource)]
    names = [
        name for kind in ("Roles", "Users", "Groups") for name in _listed(properties.get(kind, []))
    ]
    called = [stage.called(one) for one in stage.resources.values()]
    known = {f"{{{one.path}}}": str(one) for one in called}
    return [known.get(name, str(name).strip("{}")) for name in names] or [str(resource)]


def _identities(stage: Stage) -> dict[str, str]:
    """The stage's own roles and users, by their names in a Principal."""
    called = [stage.called(one) for one in stage.resources.values() if one.kind in _IDENTITIES]
    return {f"{{{one.path}.Arn}}": str(one) for one in called}


def _documents(value: Any, name: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:  # noqa: ANN401
    """Every policy document in the properties, at any depth, with its property."""
    match value:
        case {"Statement": _}:
            yield name, value
        case dict():
            for key, item in value.items():
                yield from _documents(item, key)
        case list():
            for item in value:
                yield from _documents(item, name)


def _target(resource: Resource, properties: Mapping[str, Any]) -> str:
    """The resource of a resource policy, which its statements call ``*``."""
    for name in ("Bucket", "TopicArn", "KeyId", "Queues"):
        if name in properties:
            return str(properties[name]).strip("{}")
    return resource.path


def _of_statement(
    statement: Mapping[str, Any], principals: list[str], target: str
) -> Iterator[Grant]:
    actions = _listed(statement.get("Action", [])) or [
        f"all but {', '.join(_listed(statement.get('NotAction', [])))}"
    ]
    resources = _listed(statement.get("Resource", [])) or [
        f"all but {', '.join(excepted)}"
        if (excepted := _listed(statement.get("NotResource", [])))
        else target
    ]
    conditions = frozenset(_conditions(statement.get("Condition", {})))
    for principal in principals:
        for action in actions:
            for resource in resources:
                yield Grant(
                    principal=principal,
                    action=action,
                    resource=resource,
                    conditions=conditions,
                    deny=statement.get("Effect") == "Deny",
                )


def _principals(statement: Mapping[str, Any]) -> list[str]:
    match statement.get("Principal", statement.get("NotPrincipal")):
        case None:
            return []
        case "*":
            return [ANYONE]
        case str() as name:
            return [name]
        case dict() as named:
            return [
                ANYONE
                if (kind, name) == ("AWS", "*")
                else f"{kind.lower()} {name}".removeprefix("aws ")
                for kind, names in named.items()
                for name in _listed(names)
            ]
        case other:
            return [json.dumps(other, sort_keys=True)]


def _conditions(block: Mapping[str, Mapping[str, Any]]) -> Iterator[Condition]:
    for operator, keys in block.items():
        for key, values in keys.items():
            yield operator, key, ", ".join(sorted(str(value) for value in _listed(values)))


def _invocation(properties: Mapping[str, Any]) -> Grant:
    """A Lambda permission: who may invoke, maybe limited to a source."""
    held = [
        ("ArnLike", key, str(properties[key]))
        for key in ("SourceArn", "SourceAccount")
        if key in properties
    ]
    principal = str(properties.get("Principal", ""))
    return Grant(
        principal=ANYONE if principal == "*" else f"service {principal}",
        action=str(properties.get("Action", "")),
        resource=str(properties.get("FunctionName", "")),
        conditions=frozenset(held),
    )


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 # a policy's value, one or several
    return value if isinstance(value, list) else [value]


@cache
def _pattern(text: str) -> re.Pattern[str]:
    escaped = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)


def _matches(pattern: str, text: str) -> bool:
    """IAM's wildcards, ``*`` and ``?``. A pattern also matches a narrower pattern."""
    return _pattern(pattern).fullmatch(text) is not None
