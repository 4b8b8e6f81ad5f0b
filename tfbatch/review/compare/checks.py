"""Compares cdk-nag and cfn-lint findings: new, solved and newly accepted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch.review.finding import Finding, Section, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.review.compare.identity import Pairs

_Found = tuple[str, str, str]


def findings(pairs: Pairs) -> Iterator[Finding]:
    """The new findings of each check, and the solved ones."""
    base, head = pairs.base, pairs.head
    names = {base.resources[old].path: head.resources[new].path for new, old in pairs.moved.items()}
    yield from _compared("cdk-nag", _renamed(base.nag, names), head.nag)
    yield from _compared("cfn-lint", base.lint, head.lint)
    accepted = {one[:2] for one in _renamed(base.accepted, names)}
    for rule, place, reason in dict.fromkeys(head.accepted):
        if (rule, place) not in accepted:
            yield Finding(
                section=Section.CHECKS,
                rule="check-accepted",
                title=f"cdk-nag's {rule.partition('[')[0]} is now accepted",
                many=f"accept cdk-nag's {rule.partition('[')[0]} now",
                noun="construct",
                subject=place,
                rows=(("", _detail(rule), f"accepted: {reason}"),),
            )


def _detail(rule: str) -> str:
    """The detail of a rule: ``Resource::*`` of ``AwsSolutions-IAM5[Resource::*]``."""
    return rule.partition("[")[2].removesuffix("]") or rule


def _renamed(found: tuple[_Found, ...], names: dict[str, str]) -> tuple[_Found, ...]:
    return tuple((rule, names.get(place, place), said) for rule, place, said in found)


def _compared(tool: str, base: tuple[_Found, ...], head: tuple[_Found, ...]) -> Iterator[Finding]:
    for rule, place, said in dict.fromkeys(head):
        if (rule, place, said) not in base:
            yield Finding(
                section=Section.CHECKS,
                rule="check-new",
                severity=Severity.ATTENTION,
                title=f"{tool} finds {rule.partition('[')[0]}",
                many=f"have a new finding of {tool}: {rule.partition('[')[0]}",
                why=said,
                subject=place,
                rows=((rule, "—", "found"),) if "[" in rule else (),
            )
    for rule, place, said in dict.fromkeys(base):
        if (rule, place, said) not in head:
            yield Finding(
                section=Section.CHECKS,
                rule="check-solved",
                title=f"{tool} finds {rule.partition('[')[0]} no longer",
                many=f"no longer have {tool}'s {rule.partition('[')[0]}",
                why=said,
                subject=place,
            )
