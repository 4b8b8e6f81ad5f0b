"""Finds weakened security: public access, encryption, network isolation, audit logs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.review.compare import differences
from tfbatch.review.finding import Finding, Section, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.compare.resources import Change
    from tfbatch.review.finding import Row

_ABSENT = ("—", "no", "false", "Disabled", "OFF", "NONE")
_ANYWHERE = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rule:
    """A property that protects, and when its change is worse."""

    name: str
    property: re.Pattern[str]
    worse: Callable[[str, str], bool]
    title: str
    many: str
    why: str


def _is_dropped(old: str, new: str) -> bool:
    return old not in _ABSENT and new in _ABSENT


_RULES = (
    _Rule(
        name="bucket-public",
        property=re.compile(r"PublicAccessBlockConfiguration\.\w+"),
        worse=lambda old, new: new != "yes" and old == "yes",
        title="may be made public: the block on public access is off",
        many="may be made public: the block on public access is off",
        why="A bucket policy or an object's access list can then open it to the whole internet.",
    ),
    _Rule(
        name="bucket-public",
        property=re.compile(r"PublicAccessBlockConfiguration\.\w+"),
        worse=lambda old, new: old == "—" and new == "no",
        title="is created without a block on public access",
        many="are created without a block on public access",
        why="A bucket policy or an object's access list can open it to the whole internet.",
    ),
    _Rule(
        name="bucket-public",
        property=re.compile(r"AccessControl"),
        worse=lambda _old, new: new.startswith("Public"),
        title="is readable by anyone on the internet",
        many="are readable by anyone on the internet",
        why="Its access control list says so.",
    ),
    _Rule(
        name="function-public",
        property=re.compile(r"AuthType|AuthorizationType"),
        worse=lambda old, new: new == "NONE" and old != "NONE",
        title="answers anyone on the internet",
        many="answer anyone on the internet",
        why="Nobody has to sign in.",
    ),
    _Rule(
        name="network-open",
        property=re.compile(r".*\.Cidr(Ip|Ipv6)"),
        worse=lambda old, new: new in _ANYWHERE and old not in _ANYWHERE,
        title="is reachable from anywhere",
        many="are reachable from anywhere",
        why="A rule admits every address.",
    ),
    _Rule(
        name="encryption-weakened",
        property=re.compile(r".*(Kms|KMS|Encrypt|SSEAlgorithm).*"),
        worse=lambda old, new: _is_dropped(old, new) or (old, new) == ("aws:kms", "AES256"),
        title="is encrypted less strictly",
        many="are encrypted less strictly",
        why="The customer managed key, or encryption itself, was removed.",
    ),
    _Rule(
        name="network-isolation-off",
        property=re.compile(r"EnableNetworkIsolation|VpcConfig\..*"),
        worse=_is_dropped,
        title="is no longer isolated from the network",
        many="are no longer isolated from the network",
        why="Code in the container, its packages included, can then send data anywhere.",
    ),
    _Rule(
        name="audit-off",
        property=re.compile(r"LoggingConfiguration\.(DestinationBucketName|Level|Destinations.*)"),
        worse=_is_dropped,
        title="no longer logs who used it",
        many="no longer log who used them",
        why="What happened can't be found out afterwards.",
    ),
)


def findings(pairs: Pairs, changes: Iterable[Change]) -> Iterator[Finding]:
    """Every resource that is less protected than before, or new and unprotected."""
    for change in changes:
        if change.fate == "removed":
            continue
        rows = change.rows
        if change.fate == "added":
            rows = differences.rows({}, pairs.head.properties(change.resource))
        for rule in _RULES:
            worse = tuple(row for row in rows if _is_worse(rule, row))
            if worse:
                noun = str(change.resource)
                yield Finding(
                    section=Section.HURT,
                    rule=rule.name,
                    severity=Severity.ATTENTION,
                    title=f"{noun[0].upper()}{noun[1:]} {rule.title}",
                    many=rule.many,
                    noun=change.resource.noun,
                    why=rule.why,
                    subject=change.resource.path,
                    logical_id=change.resource.key[1],
                    rows=worse,
                )


def _is_worse(rule: _Rule, row: Row) -> bool:
    name, old, new = row
    return rule.property.fullmatch(name) is not None and rule.worse(old, new)
