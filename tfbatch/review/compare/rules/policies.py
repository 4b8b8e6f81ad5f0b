"""Reads a project's own rules and exceptions from a file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare.rules.rule import Place, Rule
from tfbatch.review.errors import ReviewError
from tfbatch.review.finding import Finding, Section, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tfbatch.review.compare.differences import Leaf

_REQUIRED = {"name", "resource", "property", "verdict", "sentence"}
_FIELDS = _REQUIRED | {"before", "after"}
_VERDICTS = {
    "harmless": Severity.FINE,
    "attention": Severity.ATTENTION,
    "destructive": Severity.DESTRUCTIVE,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """An exception: what a rule finds in some place is accepted until a day."""

    rule: str
    """The rule's name: ``guard-changed``."""
    subject: str
    """A regular expression of the whole construct path, output or stack."""
    owner: str
    reason: str
    until: date
    """The last day on which it holds."""

    def covers(self, finding: Finding) -> bool:
        """Whether it is about a finding. What deletes data can't be accepted here."""
        return (
            finding.severity is Severity.ATTENTION
            and finding.rule == self.rule
            and re.fullmatch(self.subject, finding.subject) is not None
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A project's own rules and exceptions."""

    rules: tuple[Rule, ...] = ()
    accepted: tuple[Accepted, ...] = ()

    def applied(self, findings: Iterable[Finding], *, today: date) -> list[Finding]:
        """The findings, those that are accepted marked as such, and the exceptions themselves."""
        found = list(findings)
        valid = [one for one in self.accepted if one.until >= today]
        return [
            *(_applied(one, valid) for one in found),
            *(_shown(today, one) for one in self.accepted),
        ]


def _applied(finding: Finding, accepted: Iterable[Accepted]) -> Finding:
    for one in accepted:
        if one.covers(finding):
            why = f"Accepted by {one.owner} until {one.until}: {one.reason}. {finding.why}"
            return replace(finding, severity=Severity.FINE, section=Section.CHECKS, why=why)
    return finding


def _shown(today: date, one: Accepted) -> Finding:
    is_over = one.until < today
    return Finding(
        section=Section.CHECKS,
        rule="exception-over" if is_over else "exception",
        title=f"An exception from {one.rule} "
        + (f"ended on {one.until}: remove it" if is_over else f"holds until {one.until}"),
        why=f"{one.owner}: {one.reason}",
        rows=(("subject", one.subject, ""),),
    )


def read(path: Path) -> Policy:
    """The rules and exceptions in a file: ``{"rules": [ … ], "exceptions": [ … ]}``.

    A rule's ``resource`` and ``property`` are regular expressions of a whole type and a whole
    path; ``before`` and ``after``, if given, of the values as the review shows them. A rule can
    explain what no other rule knows, or be stricter than a rule of the review. It can't be milder.

    Raises:
        ReviewError: the file can't be read, or a rule or an exception has a wrong field.
    """
    try:
        document = json.loads(path.read_text())
        if unknown := {*document} - {"rules", "exceptions"}:
            raise ReviewError(f"{path}: {', '.join(sorted(unknown))} is no part of a policy")
        rules = document.get("rules", [])
        accepted = document.get("exceptions", [])
        return Policy(
            rules=tuple(_rule(row, number, path) for number, row in enumerate(rules, 1)),
            accepted=tuple(_accepted(row, number, path) for number, row in enumerate(accepted, 1)),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReviewError(
            f'{path} can\'t be read ({error!r}): it is JSON, {{"rules": [], "exceptions": []}}'
        ) from error


def _accepted(row: Mapping[str, Any], number: int, path: Path) -> Accepted:
    fields = {"rule", "subject", "owner", "reason", "until"}
    where = f"{path}, exception {number}"
    if wrong := {*row} ^ fields:
        raise ReviewError(
            f"{where}: {', '.join(sorted(wrong))} is unknown or missing; an exception has "
            f"{', '.join(sorted(fields))}"
        )
    _check_pattern(str(row["subject"]), f"{where}: subject")
    if not str(row["owner"]).strip() or not str(row["reason"]).strip():
        raise ReviewError(f"{where}: owner and reason must not be empty")
    try:
        until = date.fromisoformat(row["until"])
    except (TypeError, ValueError):
        raise ReviewError(
            f"{where}: until is {row['until']!r}; it must be a day, such as 2027-03-31"
        ) from None
    texts = {name: str(row[name]) for name in ("rule", "subject", "owner", "reason")}
    return Accepted(**texts, until=until)


def _rule(row: Mapping[str, Any], number: int, path: Path) -> Rule:
    wrong = {*row} - _FIELDS or _REQUIRED - {*row}
    if wrong:
        raise ReviewError(
            f"{path}, rule {number}: {', '.join(sorted(wrong))} is unknown or missing; a "
            f"rule has {', '.join(sorted(_REQUIRED))}, and may have before and after"
        )
    if row["verdict"] not in _VERDICTS:
        raise ReviewError(
            f"{path}, rule {number}: verdict is {row['verdict']!r}; it must be one of "
            f"{', '.join(_VERDICTS)}"
        )
    for field in ("resource", "property", "before", "after"):
        _check_pattern(str(row.get(field, "")), f"{path}, rule {number}: {field}")
    return Rule(
        name=f"policy-{row['name']}",
        verdict=_VERDICTS[row["verdict"]],
        says=str(row["sentence"]),
        why=f"By the rule {row['name']} of {path.name}.",
        kind=str(row["resource"]),
        property=str(row["property"]),
        when=_when(row),
    )


def _check_pattern(text: str, where: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise ReviewError(f"{where} is no regular expression: {error}") from error


def _when(row: Mapping[str, Any]) -> Callable[[Leaf, Place], bool]:
    """Whether both values match."""

    def holds(leaf: Leaf, _place: Place) -> bool:
        _, before, after = leaf.row
        return all(
            field not in row or re.fullmatch(row[field], value, re.DOTALL)
            for field, value in (("before", before), ("after", after))
        )

    return holds
