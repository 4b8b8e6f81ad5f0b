"""Splits the policy statements of a stage into single grants."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare.permissions.grant import ANYONE, Condition, Grant, Scope, matches
from tfbatch.review.sides import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.sides.assembly import Resource, Stage


_IDENTITIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
_KNOWN = {
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal",
    "Condition",
}  # fmt: skip


def grants_of(stage: Stage) -> frozenset[Grant]:
    """All grants of a stage's resources."""
    called = [stage.called(one) for one in stage.resources.values()]
    names = {
        f"{{{one.path}{attribute}}}": str(one)
        for one in called
        if one.kind in _IDENTITIES
        for attribute in ("", ".Arn")
    }
    return frozenset(grant for one in called for grant in _granted(stage, one, names))


def is_understood(stage: Stage, resource: Resource, name: str) -> bool:
    """Whether every policy in a property has only parts that this module compares."""
    found = stage.properties(resource, contents=False).get(name)
    if name in ("ManagedPolicyArns", "Roles", "Users", "Groups"):
        return resource.kind.startswith("AWS::IAM::") and all(
            isinstance(one, str) for one in _listed(found or [])
        )
    if resource.kind == "AWS::Lambda::Permission":
        return isinstance(found, str | None)
    documents = [document for _, document in _documents(found, name)]
    statements = [one for document in documents for one in _listed(document["Statement"])]
    return bool(statements) and _is_policy(found) and all(map(_is_readable, statements))


def _is_policy(value: Any) -> bool:  # noqa: ANN401 # a property
    """Whether a value is a policy document, or a list of named ones, and nothing beside."""
    match value:
        case {"Statement": _}:
            return set(value) <= {"Version", "Id", "Statement"}
        case {"PolicyName": _, "PolicyDocument": document} if len(value) == 2:  # noqa: PLR2004
            return _is_policy(document)
        case list():
            return all(map(_is_policy, value))
        case _:
            return False


def _is_readable(statement: Any) -> bool:  # noqa: ANN401 # a part of a policy
    if not isinstance(statement, dict) or not set(statement) <= _KNOWN:
        return False
    if not _are_conditions(statement.get("Condition", {})):
        return False
    lists = ("Action", "NotAction", "Resource", "NotResource")
    texts = [one for key in lists for one in _listed(statement.get(key, []))]
    return statement.get("Effect") in ("Allow", "Deny") and all(isinstance(t, str) for t in texts)


def breadth(action: str) -> int | None:
    """The number of actions that a pattern matches; ``None`` if the service is unknown."""
    service, _, pattern = action.lower().partition(":")
    known = schemas.actions(service)
    return sum(matches(pattern, one) for one in known) if known else None


def _granted(stage: Stage, resource: Resource, names: Mapping[str, str]) -> Iterator[Grant]:
    """The grants in one resource.

    Args:
        stage: the stage.
        resource: the resource.
        names: the stage's own roles, users and groups by their references.
    """
    # New contents of a bundle are not a new permission to read it.
    properties = stage.properties(resource, contents=False)
    holders = _holders(resource, properties, names)
    for name, document in _documents(properties):
        trust = name == "AssumeRolePolicyDocument"
        target = resource.path if trust else _target(resource, properties)
        for statement in filter(lambda one: isinstance(one, dict), _listed(document["Statement"])):
            principals = _principals(statement, names) or [Scope(pattern=one) for one in holders]
            for grant in _of_statement(statement, principals, target, resource.kind):
                yield replace(grant, trust=trust)
    if resource.kind in _IDENTITIES:
        for arn in _listed(properties.get("ManagedPolicyArns", [])):
            yield from (
                _grant(one, f"the managed policy {arn}", "the policy's own") for one in holders
            )
    if resource.kind == "AWS::Lambda::Permission":
        yield _invocation(properties)


def _grant(principal: str, action: str, resource: str) -> Grant:
    return Grant(
        principal=Scope(pattern=principal),
        action=Scope(pattern=action.lower()),
        resource=Scope(pattern=resource),
        shown=action,
    )


def _holders(
    resource: Resource, properties: Mapping[str, Any], names: Mapping[str, str]
) -> list[str]:
    """The roles, users and groups of an identity policy."""
    if resource.kind in _IDENTITIES:
        return [str(resource)]
    kinds = ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName")
    found = [str(name) for kind in kinds for name in _listed(properties.get(kind, []))]
    return [names.get(name, name.strip("{}")) for name in found] or [str(resource)]


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
    statement: Mapping[str, Any], principals: list[Scope], target: str, kind: str
) -> Iterator[Grant]:
    actions = _scopes(statement, "Action", "NotAction", "*")
    resources = _scopes(statement, "Resource", "NotResource", target)
    if kind == "AWS::KMS::Key":  # whose policy calls the key "*"
        resources = [
            replace(one, pattern=target) if one.pattern == "*" else one for one in resources
        ]
    conditions = frozenset(_conditions(statement.get("Condition", {})))
    for principal, action, resource in product(principals, actions, resources):
        yield Grant(
            principal=principal,
            action=_lowered(action),
            resource=resource,
            conditions=conditions,
            deny=statement.get("Effect") == "Deny",
            shown=str(action),
        )


def _scopes(statement: Mapping[str, Any], name: str, excepted: str, default: str) -> list[Scope]:
    """One scope for each pattern; one with exceptions for a NotAction or a NotResource."""
    if excepted in statement:
        return [Scope(pattern="*", without=frozenset(map(str, _listed(statement[excepted]))))]
    return [Scope(pattern=str(one)) for one in _listed(statement.get(name, [default]))]


def _lowered(action: Scope) -> Scope:
    without = frozenset(one.lower() for one in action.without)
    return Scope(pattern=action.pattern.lower(), without=without)


def _principals(statement: Mapping[str, Any], roles: Mapping[str, str]) -> list[Scope]:
    if "NotPrincipal" in statement:
        return [Scope(pattern=ANYONE, without=frozenset(_named(statement["NotPrincipal"], roles)))]
    return [Scope(pattern=one) for one in _named(statement.get("Principal"), roles)]


def _named(principal: Any, roles: Mapping[str, str]) -> list[str]:  # noqa: ANN401 # a part of a policy
    match principal:
        case None:
            return []
        case "*":
            return [ANYONE]
        case str() as name:
            return [roles.get(name, name)]
        case dict() as named:
            found = [
                ANYONE
                if (kind, name) == ("AWS", "*")
                else f"{kind.lower()} {name}".removeprefix("aws ")
                for kind, names in named.items()
                for name in _listed(names)
            ]
            return [roles.get(one, one) for one in found]
        case other:
            return [json.dumps(other, sort_keys=True)]


def _conditions(block: Any) -> Iterator[Condition]:  # noqa: ANN401 # a part of a policy
    if not _are_conditions(block):
        yield "", "", (json.dumps(block, sort_keys=True),)
        return
    for operator, keys in block.items():
        for key, values in keys.items():
            yield operator, key, tuple(sorted(str(value) for value in _listed(values)))


def _are_conditions(block: Any) -> bool:  # noqa: ANN401 # a part of a policy
    """Whether a block has operators with keys, and not a reference in their place."""
    return isinstance(block, dict) and all(isinstance(keys, dict) for keys in block.values())


def _invocation(properties: Mapping[str, Any]) -> Grant:
    """A Lambda permission: who may invoke, maybe limited to a source."""
    named = ("Principal", "Action", "FunctionName")
    held = [("ArnLike", key, (str(one),)) for key, one in properties.items() if key not in named]
    principal = str(properties.get("Principal", ""))
    grant = _grant(
        ANYONE if principal == "*" else f"service {principal}",
        str(properties.get("Action", "")),
        str(properties.get("FunctionName", "")),
    )
    return replace(grant, conditions=frozenset(held))


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 # a policy's value, one or several
    return value if isinstance(value, list) else [value]
