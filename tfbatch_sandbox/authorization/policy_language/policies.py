"""Parses policy documents into statements."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tfbatch_sandbox.authorization.policy_language.conditions import PolicyError, conditions_of
from tfbatch_sandbox.authorization.policy_language.patterns import matches, matches_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
        """Whether a statement of its action matches the request, for any principal."""
        return self._is_of_resource(request) and all(
            condition.holds(request.context) for condition in self.conditions
        )

    def is_of(self, action: str) -> bool:
        """Whether the statement is about an action."""
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
    _of_action: dict[str, tuple[tuple[int, Statement], ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    """The statements about an action with their places, by actions asked for before."""

    def allowing(self, request: Request) -> Iterator[tuple[int, Statement]]:
        """The statements that allow the request, for any principal, with their places."""
        return (pair for pair in self._about(request) if pair[1].allows and pair[1].fits(request))

    def denying(self, request: Request) -> Iterator[Statement]:
        """The statements that deny the request, for any principal."""
        return (one for _, one in self._about(request) if not one.allows and one.fits(request))

    def _about(self, request: Request) -> tuple[tuple[int, Statement], ...]:
        about = self._of_action.get(request.action)
        if about is None:
            numbered = enumerate(self.statements)
            about = tuple(pair for pair in numbered if pair[1].is_of(request.action))
            self._of_action[request.action] = about
        return about


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
