"""A linter of IAM statements, by the Service Authorization Reference.

A statement of which a part can't match grants or denies nothing, and nothing complains: neither
CloudFormation nor IAM. The reference is the one in the package ``policy_sentry``.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from policy_sentry.querying.actions import get_action_data, get_actions_for_service

if TYPE_CHECKING:
    from collections.abc import Iterator

Statement = dict[str, Any]

GLOBAL = {
    *("aws:calledvia", "aws:principalaccount", "aws:principalarn", "aws:principalisawsservice"),
    *("aws:principalorgid", "aws:requestedregion", "aws:resourceaccount", "aws:resourceorgid"),
    *("aws:securetransport", "aws:sourceaccount", "aws:sourcearn", "aws:sourceip"),
    *("aws:sourcevpc", "aws:sourcevpce", "aws:viaawsservice"),
    "lambda:sourcefunctionarn",  # in every call of a function's code
}
"""Condition keys of every action. Source: IAM user guide, "AWS global condition context keys";
Lambda developer guide, "Working with Lambda execution environment credentials"."""


def findings(statement: Statement) -> Iterator[str]:
    """What is wrong with a statement, one sentence each."""
    resources, actions = _listed(statement.get("Resource", [])), list[str]()
    for pattern in _listed(statement.get("Action", [])):
        meant = known(pattern)
        actions += meant
        if not meant and pattern != "*":
            yield f"{pattern} is no action"
        wrong = [list(_of_action(action, resources, statement)) for action in meant]
        if wrong and all(wrong):  # of a pattern one action suffices
            yield from wrong[0]
    if actions:
        yield from _unused(actions, resources)


def known(pattern: str) -> list[str]:
    """The actions that a pattern means."""
    service, _, name = pattern.partition(":")
    every: list[str] = [] if pattern == "*" else _actions(service)
    return [one for one in every if fnmatchcase(one.partition(":")[2].lower(), name.lower())]


def _of_action(action: str, resources: list[str], statement: Statement) -> Iterator[str]:
    rows = _rows(action)
    fitting = [row for row in rows if any(_is_one(row, text) for text in resources)]
    if resources and not fitting:
        formats = sorted({row["resource_arn_format"] for row in rows})
        yield f"{action} is of {formats}, not of {resources}"
        return
    supported = {key for row in fitting or rows for key in row["condition_keys"]}
    for block in statement.get("Condition", {}).values():
        for key in block:
            if not _is_supported(key, supported):
                yield f"{action} has no condition key {key}"


def _unused(actions: list[str], resources: list[str]) -> Iterator[str]:
    for text in resources:
        if not any(_is_one(row, text) for action in actions for row in _rows(action)):
            yield f"no action of the statement is of {text}"


def _is_one(row: Any, text: str) -> bool:  # noqa: ANN401 # the package's rows have no type
    """Whether a resource of a statement may be one of a row of the reference."""
    shown: str = row["resource_arn_format"]
    if text == "*" or shown == "*":
        return text == "*"
    if shown.endswith("${BucketName}") and "/" in text:  # it would be an object
        return False
    pattern, parts = _pattern(shown).split(":", 5), text.split(":", 5)
    return len(pattern) == len(parts) and all(map(_overlap, pattern, parts))


def _pattern(shown: str) -> str:
    """``arn:${Partition}:s3:::${BucketName}/${ObjectName}`` as a pattern."""
    parts = shown.split("${")
    return parts[0] + "".join("*" + part.partition("}")[2] for part in parts[1:])


@cache
def _overlap(one: str, other: str) -> bool:
    """Whether a text matches both patterns."""
    if not one or not other:
        return not (one or other).strip("*")
    if one[0] == "*":
        return _overlap(one[1:], other) or _overlap(one, other[1:])
    if other[0] == "*":
        return _overlap(other, one)
    return one[0] == other[0] and _overlap(one[1:], other[1:])


def _is_supported(key: str, supported: set[str]) -> bool:
    name = key.lower()
    return name in GLOBAL or any(_overlap(_pattern(each.lower()), name) for each in supported)


@cache
def _actions(service: str) -> list[str]:
    found: list[str] = get_actions_for_service(service)
    return found


@cache
def _rows(action: str) -> list[Any]:
    service, _, name = action.partition(":")
    data = get_action_data(service, name)
    return [row for row in data[service] if row["action"] == action] if data else []


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
