"""Helpers that read the IAM policies of a template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tfbatch_cdk.conftest import Assembly

Statement = dict[str, Any]


def statements(assembly: Assembly, role: str = "") -> Iterator[Statement]:
    """The statements of the roles whose logical ids begin with ``role``."""
    for name, policy in assembly.of_type("AWS::IAM::Policy").items():
        if name.startswith(role):
            yield from policy["Properties"]["PolicyDocument"]["Statement"]


def actions(statement: Statement) -> list[str]:
    found: str | list[str] = statement["Action"]
    return [found] if isinstance(found, str) else found


def allowed(assembly: Assembly, role: str) -> set[str]:
    return {
        action
        for statement in statements(assembly, role)
        if statement["Effect"] == "Allow"
        for action in actions(statement)
    }


def text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
