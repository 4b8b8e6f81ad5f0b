"""A single grant, and whether it includes another one: permissions as sets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

Condition = tuple[str, str, tuple[str, ...]]
"""Operator, key and values: ``("StringEquals", "aws:SourceAccount", ("{AccountId}",))``."""
ANYONE = "anyone"
_NARROWED_BY_FEWER = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress")
"""Operators that admit less if they list fewer values."""
_NARROWED_BY_MORE = (
    "StringNotEquals",
    "StringNotLike",
    "ArnNotEquals",
    "ArnNotLike",
    "NotIpAddress",
)
_WITH_PATTERNS = ("StringLike", "ArnEquals", "ArnLike")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """A pattern and its exceptions: ``*`` without ``iam:*`` for a NotAction."""

    pattern: str
    without: frozenset[str] = frozenset()

    def covers(self, other: Scope) -> bool:
        """Whether this scope surely includes the other."""
        return matches(self.pattern, other.pattern) and all(
            any(matches(one, exception) for one in other.without)
            or not _may_overlap(exception, other.pattern)
            for exception in self.without
        )

    def __str__(self) -> str:
        if not self.without:
            return self.pattern
        listed = ", ".join(sorted(self.without))
        return (
            f"all but {listed}" if self.pattern in ("*", ANYONE) else f"{self.pattern} but {listed}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """One principal, one action, one resource."""

    principal: Scope
    """``role Workflow/StateMachine/Role``, ``service sagemaker.amazonaws.com``, ``anyone``."""
    action: Scope
    """``s3:GetObject``, ``s3:*``, in lower case."""
    resource: Scope
    conditions: frozenset[Condition] = frozenset()
    """All must hold."""
    deny: bool = False
    trust: bool = False
    """Who may assume a role, instead of what a role may do; ``resource`` is the role."""
    shown: str = field(default="", compare=False)
    """The action as it is written: ``s3:GetObject``."""

    @property
    def subject(self) -> str:
        """Whom a reviewer asks about: the role, for who may assume it."""
        return f"role {self.resource}" if self.trust else str(self.principal)

    @property
    def does(self) -> str:
        """The action as it is written."""
        return self.shown or str(self.action)

    def covers(self, other: Grant) -> bool:
        """Whether this grant includes the other: wider or equal in everything."""
        return (
            (self.deny, self.trust) == (other.deny, other.trust)
            and self.principal.pattern in (ANYONE, other.principal.pattern)
            and self._excepts_no_more(other)
            and self.action.covers(other.action)
            and self.resource.covers(other.resource)
            and all(_is_implied(one, other.conditions) for one in self.conditions)
        )

    def _excepts_no_more(self, other: Grant) -> bool:
        """Whether this grant leaves out no principal that the other has."""
        mine, theirs = self.principal, other.principal
        if theirs.pattern == ANYONE:
            return mine.without <= theirs.without
        return theirs.pattern not in mine.without


def _is_implied(condition: Condition, by: frozenset[Condition]) -> bool:
    """Whether a condition holds wherever the others do: one of them is equal or narrower."""
    return any(_is_narrower(one, condition) for one in by)


def _is_narrower(one: Condition, other: Condition) -> bool:
    (operator, key, values), (than, other_key, others) = one, other
    if one == other:
        return True
    if key.lower() != other_key.lower():
        return False
    if operator == than and operator in _NARROWED_BY_MORE:
        return set(values) >= set(others)
    if than in _WITH_PATTERNS and operator in (than, "StringEquals", "ArnEquals", "ArnLike"):
        return all(any(matches(pattern, value) for pattern in others) for value in values)
    return operator == than and operator in _NARROWED_BY_FEWER and set(values) <= set(others)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    escaped = re.escape(text).replace(r"\*", ".*").replace(r"\?", "[^*]")
    return re.compile(escaped, re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """IAM's wildcards, ``*`` and ``?``. A pattern also matches every narrower pattern."""
    return _pattern(pattern).fullmatch(text) is not None


def _may_overlap(one: str, other: str) -> bool:
    """Whether two patterns may match the same text; certain only if they don't."""
    if matches(one, other) or matches(other, one):
        return True
    if not (re.search(r"[*?]", one) and re.search(r"[*?]", other)):
        return False
    first, second = (re.split(r"[*?]", text, maxsplit=1)[0] for text in (one, other))
    return first.startswith(second) or second.startswith(first)
