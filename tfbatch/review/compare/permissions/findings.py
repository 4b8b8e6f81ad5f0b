"""Compares permissions as sets: a wildcard covers what it matches."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tfbatch.review.compare.permissions.grant import ANYONE, Grant
from tfbatch.review.compare.permissions.statements import breadth, grants_of, is_understood
from tfbatch.review.compare.rules import harmless
from tfbatch.review.finding import Finding, Section, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.compare.permissions.grant import Condition, Scope
    from tfbatch.review.compare.rules.rule import Rule
    from tfbatch.review.finding import Row
    from tfbatch.review.sides.assembly import Resource

_Group = tuple["Scope", bool, "Scope", frozenset["Condition"]]
_OWN_ACCOUNT = {
    "aws:principalaccount",
    "aws:sourceaccount",
    "aws:resourceaccount",
    "aws:principalorgid",
    "kms:calleraccount",
}
"""Conditions that hold a grant to everyone to one account or organization."""
_NAMING = ("StringEquals", "StringEqualsIgnoreCase", "StringLike")
"""Operators that hold only for the values that they name, and not for a missing key."""


def rule_for(pairs: Pairs, was: Resource, head: Resource, name: str) -> Rule | None:
    """The rule for a property that holds permissions, if they are compared here."""
    sides = ((pairs.base, was), (pairs.head, head))
    understood = all(is_understood(stage, one, name) for stage, one in sides)
    return harmless.SHOWN_AS_PERMISSIONS if understood else None


def findings(pairs: Pairs) -> Iterator[Finding]:
    """New and removed permissions, by principal."""
    base, head = grants_of(pairs.base), grants_of(pairs.head)
    known = {grant.subject for grant in base if not grant.deny}
    more = _uncovered(_allowed(head), _allowed(base))
    unlocked = _uncovered(_denied(base), _denied(head))
    less = _uncovered(_allowed(base), _allowed(head))
    locked = _uncovered(_denied(head), _denied(base))
    for principal in dict.fromkeys(grant.subject for grant in (*more, *unlocked)):
        mine = [grant for grant in more if grant.subject == principal]
        freed = [grant for grant in unlocked if grant.subject == principal]
        yield _broadened(principal, mine, freed, base, is_new=principal not in known)
    for principal in dict.fromkeys(grant.subject for grant in (*less, *locked)):
        mine = [grant for grant in (*less, *locked) if grant.subject == principal]
        yield _narrowed(principal, mine)


def _allowed(grants: Iterable[Grant]) -> list[Grant]:
    return [grant for grant in grants if not grant.deny]


def _denied(grants: Iterable[Grant]) -> list[Grant]:
    return [grant for grant in grants if grant.deny]


def _uncovered(grants: list[Grant], by: list[Grant]) -> list[Grant]:
    """The grants that no other one includes, in a stable order."""
    equal, wider = set(by), defaultdict(list)
    for other in by:
        wider[other.principal.pattern].append(other)
    left = [
        grant
        for grant in grants
        if grant not in equal
        and not any(
            other.covers(grant)
            for principal in (grant.principal.pattern, ANYONE)
            for other in wider[principal]
        )
    ]
    return sorted(left, key=lambda one: (str(one.principal), str(one.resource), one.does))


def _is_public(grant: Grant) -> bool:
    """Whether a grant to everyone isn't held to one account."""
    held = any(map(_is_held, grant.conditions))
    return grant.principal.pattern == ANYONE and not held


def _is_held(condition: Condition) -> bool:
    """Whether a condition names the accounts that may act; ``StringNotEquals`` names the others."""
    operator, key, values = condition
    return (
        operator in _NAMING
        and key.lower() in _OWN_ACCOUNT
        and not any(set(value) & set("*?") for value in values)
    )


def _broadened(
    principal: str,
    more: list[Grant],
    freed: list[Grant],
    base: frozenset[Grant],
    *,
    is_new: bool,
) -> Finding:
    if any(map(_is_public, more)):
        rule, title = "public-access", "Anyone on the internet gets access"
    elif is_new and more:
        rule, title = "permissions-added", f"{_capital(principal)} is new and may act"
    elif more and all(grant.trust for grant in more):
        rule, title = "permissions-broadened", f"More may act as {principal} than before"
    elif more:
        rule, title = "permissions-broadened", f"{_capital(principal)} may do more than before"
    else:
        rule, title = "denial-dropped", f"Actions denied to {principal} are no longer denied"
    rows = [*_rows(more, base), *((_place(one), f"denied: {one.does}", "—") for one in freed)]
    return Finding(
        section=Section.HURT,
        rule=rule,
        severity=Severity.ATTENTION,
        title=title,
        why=_why(more),
        subject=principal,
        rows=tuple(rows),
    )


def _narrowed(principal: str, less: list[Grant]) -> Finding:
    return Finding(
        section=Section.RESOURCES,
        rule="permissions-narrowed",
        severity=Severity.ATTENTION,
        title=f"{_capital(principal)} is denied more actions than before"
        if all(one.deny for one in less)
        else f"{_capital(principal)} may do less than before",
        why="Nothing gets access by that. What still needs the permission fails.",
        subject=principal,
        rows=tuple(
            (_place(one), *(("—", f"denied: {one.does}") if one.deny else (one.does, "—")))
            for one in less
        ),
    )


def _rows(more: list[Grant], base: frozenset[Grant]) -> Iterator[Row]:
    """By resource and condition: the actions before, and the new ones."""
    groups: dict[_Group, list[Grant]] = defaultdict(list)
    for grant in more:
        groups[(grant.principal, grant.deny, grant.resource, grant.conditions)].append(grant)
    for grants in groups.values():
        before = sorted({_before(old) for old in base if _is_near(old, grants)})
        after = ", ".join(_shown(grant.does) for grant in grants)
        held = _held(grants[0].conditions)
        if grants[0].trust:
            actor = grants[0].principal
            yield "may be assumed by", ", ".join(before) or "—", f"{actor}{held}"
        else:
            yield str(grants[0].resource), ", ".join(before) or "—", f"{after}{held}"


def _is_near(old: Grant, grants: list[Grant]) -> bool:
    """Whether new grants widen an old one: same principal and resource, or same action."""
    return not old.deny and any(
        old.trust == new.trust
        and old.principal == new.principal
        and (old.resource == new.resource or new.covers(old))
        for new in grants
    )


def _before(grant: Grant) -> str:
    what = str(grant.principal) if grant.trust else grant.does
    return f"{what}{_held(grant.conditions)}"


def _held(conditions: frozenset[Condition]) -> str:
    """For example ``if aws:SourceAccount StringEquals {AccountId}``."""
    parts = (
        f"{key} {operator} {', '.join(values)}" for operator, key, values in sorted(conditions)
    )
    return f" if {' and '.join(parts)}" if conditions else ""


def _place(grant: Grant) -> str:
    return f"{grant.resource}{_held(grant.conditions)}"


def _shown(action: str) -> str:
    """An action, and the number of actions that a wildcard matches."""
    count = breadth(action) if "*" in action else None
    return f"{action} ({count} actions)" if count else action


def _why(more: list[Grant]) -> str:
    wide = sorted(
        {one.does for one in more if one.action.pattern.endswith(":*") or one.does == "*"}
    )
    everywhere = sorted({one.does for one in more if str(one.resource) == "*"})
    parts = []
    if wide:
        parts.append(f"{', '.join(wide)} takes in deleting data and changing who else has access.")
    if everywhere:
        parts.append(f"On every resource of the account: {', '.join(everywhere)}.")
    return " ".join(parts)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
