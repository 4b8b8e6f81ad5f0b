"""Parses policy documents into statements."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tfbatch_sandbox.authorization.policy_language.conditions import PolicyError, conditions_of
from tfbatch_sandbox.authorization.policy_language.patterns import matches, matches_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.authorization.policy_language.conditions import Condition
    from tfbatch_sandbox.authorization.policy_language.patterns import Context

_DOCUMENTS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for a permission."""

    action: str
    """``s3:GetObject``."""
    resource: str
    """An ARN, or ``*`` for an action without resources."""
    context: Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement. A missing element is ``None``."""

    allows: bool
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    principal: Any
    not_principal: Any
    conditions: tuple[Condition, ...]

    def fits(self, request: Request) -> bool:
        """Whether the statement matches the request, for any principal."""
        return (
            self._is_of_action(request.action)
            and self._is_of_resource(request)
            and all(condition.holds(request.context) for condition in self.conditions)
        )

    def _is_of_action(self, action: str) -> bool:
        listed = self.actions if self.actions is not None else self.not_actions or ()
        found = any(matches(pattern, action, {}, ignore_case=True) for pattern in listed)
        return found == (self.actions is not None)

    def _is_of_resource(self, request: Request) -> bool:
        listed = self.resources if self.resources is not None else self.not_resources
        if listed is None:  # a trust policy: the resource is the role
            return True
        found = any(matches_arn(each, request.resource, request.context) for each in listed)
        return found == (self.resources is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A named policy."""

    name: str
    statements: tuple[Statement, ...]


@lru_cache(maxsize=_DOCUMENTS)
def policy_of(name: str, document: str) -> Policy:
    """Parse a policy's JSON.

    Raises:
        PolicyError: AWS would refuse it.
    """
    try:
        statements = json.loads(document).get("Statement", [])
        listed = statements if isinstance(statements, list) else [statements]
        # moto leaves a null where a template omits a value with AWS::NoValue.
        return Policy(name=name, statements=tuple(_statement(each) for each in listed if each))
    except PolicyError:
        raise
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        shown = document[:80]
        raise PolicyError(f"the policy {name} is no JSON object of statements: {shown}") from error


def _statement(document: Mapping[str, Any]) -> Statement:
    return Statement(
        allows=document["Effect"] == "Allow",
        actions=_listed(document.get("Action")),
        not_actions=_listed(document.get("NotAction")),
        resources=_listed(document.get("Resource")),
        not_resources=_listed(document.get("NotResource")),
        principal=document.get("Principal"),
        not_principal=document.get("NotPrincipal"),
        conditions=conditions_of(document.get("Condition", {})),
    )


def _listed(value: str | list[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)
