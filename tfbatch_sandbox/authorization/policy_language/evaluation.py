"""Decides if a principal may act, from all its policies, by AWS's evaluation logic.

An explicit deny wins. The policy of the VPC endpoint that a call comes through must allow it,
whoever calls. A permissions boundary and a session policy must also allow what an identity
policy allows. Within one account the resource policy alone can allow; across accounts it and an
identity policy must. Key policies and trust policies differ: without them nothing is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.authorization.policy_language.principals import Meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tfbatch_sandbox.authorization.policy_language.policies import (
        Policy,
        Request,
        Statement,
    )
    from tfbatch_sandbox.authorization.policy_language.principals import Principal

IDENTITY: Final = "identity-based policy"
RESOURCE: Final = "resource-based policy"
BOUNDARY: Final = "permissions boundary"
SESSION: Final = "session policy"
ENDPOINT: Final = "VPC endpoint policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All policies that apply to a request."""

    identity: Sequence[Policy] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    resource: Policy | None = None
    needs_resource: bool = False
    """Whether the resource policy must allow, or delegate to the account."""
    is_foreign: bool = False
    """Whether the resource is of another account than the principal: both must allow it then."""
    endpoint: Policy | None = None
    """That of the VPC endpoint, for a call through one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The result of a request."""

    allowed: bool
    because: str = ""
    """The reason of a denial, in AWS's words: ``with an explicit deny in an identity-based
    policy``."""
    matched: tuple[tuple[str, int], ...] = field(default=())
    """The statements that allow it: name of the policy and index."""


def decide(request: Request, principal: Principal, policies: Policies) -> Decision:
    """Evaluate the policies."""
    denied = _denied(request, principal, policies)
    if denied:
        return Decision(allowed=False, because=f"with an explicit deny in a{denied}")
    if policies.endpoint and _meant(request, principal, policies.endpoint) is Meant.NOT:
        return _missing(request, ENDPOINT)
    identity = tuple(_allowing(request, policies.identity))
    meant = _meant(request, principal, policies.resource)
    is_foreign = policies.is_foreign and not principal.is_service
    if (policies.needs_resource or is_foreign) and meant is Meant.NOT:
        return _missing(request, RESOURCE)
    if meant is not Meant.SELF or is_foreign:
        if not identity and (meant is not Meant.ROLE or is_foreign):
            return _missing(request, RESOURCE if principal.is_service else IDENTITY)
        for limit, name in ((policies.boundary, BOUNDARY), (policies.session, SESSION)):
            if limit is not None and not any(_allowing(request, [limit])):
                return _missing(request, name)
    return Decision(allowed=True, matched=identity)


def _missing(request: Request, kind: str) -> Decision:
    return Decision(allowed=False, because=f"because no {kind} allows the {request.action} action")


def _denied(request: Request, principal: Principal, policies: Policies) -> str:
    """The kind of policy that denies, with its article; empty if none does."""
    for kind, policy in (
        *((f"n {IDENTITY}", each) for each in policies.identity),
        (f" {BOUNDARY}", policies.boundary),
        (f" {SESSION}", policies.session),
    ):
        if policy and any(policy.denying(request)):
            return kind
    for kind, policy in ((RESOURCE, policies.resource), (ENDPOINT, policies.endpoint)):
        denies = policy.denying(request) if policy else ()
        if any(_applies(one, principal) is not Meant.NOT for one in denies):
            return f" {kind}"
    return ""


def _allowing(request: Request, policies: Iterable[Policy]) -> Iterable[tuple[str, int]]:
    for policy in policies:
        for place, _ in policy.allowing(request):
            yield policy.name, place


def _meant(request: Request, principal: Principal, policy: Policy | None) -> Meant:
    """The most that the resource policy grants to the principal."""
    allowing = policy.allowing(request) if policy else ()
    return max(
        (_applies(one, principal) for _, one in allowing),
        key=lambda meant: meant.value,
        default=Meant.NOT,
    )


def _applies(statement: Statement, principal: Principal) -> Meant:
    if statement.not_principal is not None:
        excluded = principal.meant_by(statement.not_principal) is not Meant.NOT
        return Meant.NOT if excluded else Meant.SELF
    return principal.meant_by(statement.principal)
