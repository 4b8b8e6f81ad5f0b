"""A finding of a review: its severity, its sentence and its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tfbatch.review.render.graph import Graph


class Severity(IntEnum):
    """The severity of a finding. The highest value is the exit code."""

    FINE = 0
    """No risk."""
    ATTENTION = 3
    """Someone should check it: permissions, exposure, protection, spending."""
    DESTRUCTIVE = 4
    """Deploying it loses data."""


class Section(StrEnum):
    """Where a finding is shown, in the order of the review."""

    HURT = "What could hurt"
    WORKFLOW = "The workflow"
    ARTIFACT = "The model artifact and the code"
    RESOURCES = "Resources"
    MONEY = "Money"
    CHECKS = "Checks and settings"


_PROPERTY = re.compile(r"[\w.\[\]-]+")

Row = tuple[str, str, str]
"""A property with its value before and after."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that a reviewer should know."""

    section: Section
    rule: str
    """The rule, for programs: ``bucket-public``."""
    title: str
    """The finding in a sentence."""
    severity: Severity = Severity.FINE
    why: str = ""
    """The consequence, and what to do."""
    many: str = ""
    """The end of the sentence for several resources: ``are readable by anyone``."""
    noun: str = "resource"
    """The kind of thing: ``bucket``."""
    subject: str = ""
    """Its construct."""
    logical_id: str = ""
    """The resource's logical id."""
    rows: tuple[Row, ...] = ()
    diff: tuple[str, ...] = ()
    """Lines of a unified diff."""
    graph: Graph | None = None
    stages: tuple[str, ...] = ()
    state: str = ""
    """The state of a workflow that it is about."""
    fate: str = ""
    """What happens to the resource, if the finding says so: ``replaced``."""
    count: int = 1
    """Number of resources with it."""


def gathered(findings: Iterable[Finding]) -> list[Finding]:
    """Merge equal findings of several resources, each in its own row."""
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        like = (finding.section, finding.rule, finding.why, finding.many, finding.stages)
        rows = tuple(row[0] for row in finding.rows) if finding.subject else ()
        key = (*like, rows) if finding.many else number
        groups.setdefault(key, []).append(finding)
    return [_together(group) for group in groups.values()]


def _together(group: list[Finding]) -> Finding:
    first = group[0]
    if len(group) == 1:
        return first
    rows = tuple(
        (_row_name(finding.subject, name), old, new)
        for finding in group
        for name, old, new in (finding.rows or (("", "", ""),))
    )
    nouns = {finding.noun for finding in group}
    noun = first.noun if len(nouns) == 1 else "resource"
    title = f"{len(group)} {_plural(noun)} {first.many}"
    return replace(first, title=title, subject="", logical_id="", rows=rows, count=len(group))


def _plural(noun: str) -> str:
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    return noun if noun.endswith("s") else f"{noun}s"


def _row_name(subject: str, name: str) -> str:
    """The construct and the last word of the property."""
    last = name.rpartition(".")[2] if _PROPERTY.fullmatch(name) else name
    return ": ".join(part for part in (subject, last if subject else name) if part)


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Merge equal findings of several stages."""
    found: dict[Finding, list[str]] = {}
    for finding in findings:
        found.setdefault(replace(finding, stages=()), []).extend(finding.stages)
    return [replace(finding, stages=tuple(stages)) for finding, stages in found.items()]
