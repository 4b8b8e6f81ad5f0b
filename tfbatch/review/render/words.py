"""The verdicts, icons and texts that the page and the comment share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch.review.finding import Section, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch.review.finding import Finding, Row
    from tfbatch.review.review import Review

VERDICTS = {
    Severity.FINE: "Nothing risky",
    Severity.ATTENTION: "Needs attention",
    Severity.DESTRUCTIVE: "Destructive",
}
MEANINGS = {
    Severity.FINE: "A rule explains each change as harmless.",
    Severity.ATTENTION: "Check the findings listed first before you deploy.",
    Severity.DESTRUCTIVE: "Deploying this deletes data. See the findings listed first.",
}
SIGNS = {Severity.FINE: "🟢", Severity.ATTENTION: "🟠", Severity.DESTRUCTIVE: "🔴"}

_UNCHANGED = {
    Section.HURT: "Nothing: a rule explains each change as harmless.",
    Section.WORKFLOW: "Unchanged.",
    Section.ARTIFACT: "Unchanged.",
    Section.RESOURCES: "Unchanged.",
    Section.MONEY: "Nothing to compare.",
    Section.CHECKS: "No new finding, no setting changed.",
}


def unchanged(section: Section, review: Review) -> str:
    """The text of a section without findings."""
    if section is Section.HURT and review.severity > Severity.FINE:
        return "Nothing by name. Look at what is marked below."
    return _UNCHANGED[section]


def where(finding: Finding, review: Review) -> str:
    """The stages of a finding, if not all."""
    return "" if set(finding.stages) == set(review.stages) else ", ".join(finding.stages)


def tools(review: Review) -> str:
    """The versions with which the sides were synthesized: ``aws-cdk-lib 2.274.0 → 2.275.0``."""
    before, after = review.tools
    texts = [
        f"{name} {' → '.join(dict.fromkeys([before.get(name, '—'), after.get(name, '—')]))}"
        for name in dict.fromkeys([*before, *after])
    ]
    return f"synthesized with {', '.join(texts)}" if texts else ""


def is_sentence(value: str) -> bool:
    """Whether a row's value is a sentence of ours for people, and not a value of a template."""
    return value.endswith(".") and " " in value and "`" not in value


def as_list(rows: Sequence[Row]) -> list[tuple[str, str]] | None:
    """Rows of which one side says nothing, as names with values: they need no table."""
    for side in (1, 2):
        if not any(row[side] for row in rows):
            return [(row[0], row[3 - side]) for row in rows]
    return None
