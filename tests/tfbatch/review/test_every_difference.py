"""Whatever differs is told, and nothing is called harmless but by a rule with a name."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

from tests.tfbatch.review.random_changes import Changed, Mutator
from tests.tfbatch.review.templates import Templates, edited
from tfbatch.review.compare import cloudformation
from tfbatch.review.compare.rules import guards, harmless
from tfbatch.review.compare.rules.rule import Rule
from tfbatch.review.compare.stage import compare_stage
from tfbatch.review.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tfbatch.review.finding import Finding
    from tfbatch.review.sides.assembly import Stage

CHANGES = 2_000
A_ROUND = 16
SINGLE = 40
"""Reviews of one change only, whose verdict is then that change's."""
HARMLESS = {
    rule.name
    for rule in (*harmless.HARMLESS, *guards.STATES, *vars(harmless).values())
    if isinstance(rule, Rule)
} | {"resource-added", "state-renamed"}

SECTIONS = {
    "output": "Outputs",
    "mapping": "Mappings",
    "parameter": "Parameters",
    "condition": "Conditions",
}


def about(change: Changed, findings: Sequence[Finding]) -> list[Finding]:
    """The findings that tell a change."""
    return [finding for finding in findings if is_about(change, finding)]


def is_about(change: Changed, finding: Finding) -> bool:
    paths = [row[0] for row in finding.rows]
    match change.section:
        case "Resources" if not change.name:
            return finding.logical_id == change.id and finding.rule.startswith("resource-")
        case "Resources":
            own = any(path.replace("[", ".").split(".")[0] == change.name for path in paths)
            return finding.logical_id == change.id and own
        case "States":
            full = finding.state.rpartition(" / ")[2]
            return finding.logical_id == change.id and full == change.name
        case "Machine":
            own = finding.rule in ("workflow-changed", "comment")
            return finding.logical_id == change.id and own and not finding.state
        case section if change.id:
            own = SECTIONS.get(finding.noun, finding.noun) == section
            return own and (finding.subject == change.id or any(change.id in one for one in paths))
        case section:
            return section in finding.title or any(section in path for path in paths)


def lost(changes: Sequence[Changed], findings: Sequence[Finding]) -> list[str]:
    """The changes that a review doesn't tell, or calls harmless without a rule."""
    found = []
    for change in changes:
        telling = about(change, findings)
        text = json.dumps([(one.title, one.rows, one.diff) for one in telling], ensure_ascii=False)
        if not telling:
            found.append(f"not told: {change}")
        elif change.mark not in text:
            found.append(f"not shown: {change} {text[:500]}")
        elif max(one.severity for one in telling) is Severity.FINE and not all(
            one.rule in HARMLESS and one.why for one in telling
        ):
            found.append(f"harmless without a rule: {change} {[one.rule for one in telling]}")
    return found


def rounds(stage: Stage, sizes: Sequence[int]) -> list[tuple[Stage, list[Changed]]]:
    """Stages with that many changes each."""
    seeds, made = count(1), []
    for size in sizes:
        changes: list[Changed] = []

        def change(
            templates: Templates, size: int = size, changes: list[Changed] = changes
        ) -> None:
            mutator = Mutator(templates, seed=next(seeds))
            changes.extend(mutator.change() for _ in range(size))

        made.append((edited(stage, change), changes))
    return made


def test_of_two_thousand_random_changes_none_is_lost(stages: Mapping[str, Stage]) -> None:
    sizes = [1] * SINGLE + [A_ROUND] * ((CHANGES - SINGLE) // A_ROUND + 1)
    base, problems, made = stages["prod"], [], 0
    members = set()
    for start in range(0, len(sizes), 40):
        batch = rounds(base, sizes[start : start + 40])
        compared = cloudformation.compare([(base, head) for head, _ in batch])
        for (head, changes), comparison in zip(batch, compared, strict=True):
            findings, _ = compare_stage(base, head, comparison)
            made += len(changes)
            members |= {change.name for change in changes if change.section == "Machine"}
            problems += lost(changes, findings)
            if len(changes) == 1 and max(one.severity for one in findings) is Severity.FINE:
                assert not comparison.broadened
    assert made >= CHANGES
    assert problems == []
    assert {"StartAt", "QueryLanguage", "Comment", "TimeoutSeconds", "Version"} <= members
