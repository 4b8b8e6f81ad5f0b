"""Compares two sides stage by stage and computes the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tfbatch.review.compare import cloudformation, money
from tfbatch.review.compare.stage import compare_stage
from tfbatch.review.finding import Finding, Section, Severity, gathered, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tfbatch.review.compare.cloudformation import Comparison
    from tfbatch.review.compare.rules.rule import Fate, Rule
    from tfbatch.review.sides.assembly import Stage

_NOTES = ("model-not-compared", "packages-not-compared", "templates-only")
_QUIET = ("cost-unchanged", "not-deployed", "change-set-agrees", *_NOTES)
_PERMISSIONS = ("permissions-broadened", "permissions-added", "denial-dropped", "public-access")
_IN_SHORT = {
    "deployment-fails": "the deployment will fail",
    "public-access": "open to anyone",
    "bucket-public": "public access possible",
    "network-open": "reachable from anywhere",
    "encryption-weakened": "encryption weakened",
    "network-isolation-off": "network isolation off",
    "retention-lost": "retention lost",
    "termination-protection-lost": "termination protection off",
    "permissions-narrowed": "permissions narrowed",
    "boundary-lost": "permissions boundary lost",
    "guard-removed": "a guard of the run removed",
    "guard-changed": "a guard of the run changed",
    "safeguard-lost": "errors handled less",
    "alarm-changed": "alarms changed",
    "image-changed": "another container image",
    "stack-left": "a stack left the app",
    "limit-raised": "limits raised",
    "check-new": "new findings of the checks",
    "hash-without-content": "an asset hash moved for nothing",
    "packages-changed": "packages changed",
    "node-packages-changed": "another command line of the CDK",
    "packages-not-own": "packages that weren't installed",
    "packages-not-compared": "packages not compared",
    "drift": "deployed differs from the base",
    "resource-drift": "resources changed by hand",
    "drift-not-compared": "changes by hand not looked for",
    "change-set-not-made": "no change set made",
    "replacement-differs": "CloudFormation plans other replacements",
    "condition-removes": "a condition removes resources",
    "unknown-change": "changes that no rule knows",
}
_COUNTED: tuple[Fate, ...] = ("added", "changed", "replaced", "moved", "removed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """The result of a review."""

    base: str
    head: str
    stages: tuple[str, ...]
    findings: tuple[Finding, ...]
    cost: Mapping[str, float]
    """Stage -> USD that 100,000 records cost more."""
    lines: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Construct path -> the file and the line that name it, where they are known."""
    counts: Mapping[str, Mapping[Fate, int]] = field(default_factory=dict)
    """Stage -> fate -> number of resources."""
    tools: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    """Package -> version with which the base was synthesized; the same of the head."""

    @property
    def severity(self) -> Severity:
        """The worst severity of the findings, whose value is the exit code."""
        return max((finding.severity for finding in self.findings), default=Severity.FINE)

    @property
    def is_empty(self) -> bool:
        """Whether nothing deployed changes."""
        return not any(one.severity or one.rule not in _QUIET for one in self.findings)

    @property
    def notes(self) -> list[Finding]:
        """What wasn't compared, which is said also where nothing changes."""
        return [finding for finding in self.findings if finding.rule in _NOTES]

    @property
    def headline(self) -> str:
        """Everything in one line."""
        return " ".join(self.headlines)

    @property
    def headlines(self) -> list[str]:
        """A line for each group of stages with the same changes."""
        if self.is_empty:
            return [f"{', '.join(self.stages)}: nothing that is deployed changes."]
        touched = [stage for stage in self.stages if self._counts(stage)] or list(self.stages)
        groups: dict[str, list[str]] = {}
        for stage in touched:
            groups.setdefault(self._in_short(stage), []).append(stage)
        return [f"{', '.join(names)}: {text}." for text, names in groups.items()]

    def of(self, section: Section) -> list[Finding]:
        """The findings of a section, the worst first."""
        found = [finding for finding in self.findings if finding.section is section]
        return sorted(found, key=lambda finding: -finding.severity)

    def _counts(self, stage: str) -> list[Finding]:
        return [f for f in self.findings if stage in f.stages and f.rule not in _QUIET]

    def _in_short(self, stage: str) -> str:
        found = self._counts(stage)
        risky = {finding.rule for finding in found if finding.severity}
        counts = self.counts.get(stage, {})
        counted = [f"{counts[fate]} {fate}" for fate in _COUNTED if counts.get(fate)]
        lost = sum(one.count for one in found if one.severity is Severity.DESTRUCTIVE)
        parts = [", ".join(counted) or "no resource changes"]
        parts += [f"data of {lost} lost"] if lost else []
        parts += ["permissions broadened"] if risky.intersection(_PERMISSIONS) else []
        parts += [words for rule, words in _IN_SHORT.items() if rule in risky]
        marked = sum(1 for one in found if one.severity)
        parts += (
            [f"{marked} point{'s need' if marked > 1 else ' needs'} attention"] if marked else []
        )
        if abs(amount := self.cost.get(stage, 0.0)) >= 0.005:  # noqa: PLR2004 # half a cent
            parts.append(f"{amount:+.2f} USD per 100,000 records")
        return "; ".join(parts)


def compare(  # noqa: PLR0913 # keyword-only
    *,
    base: Sequence[Stage],
    head: Sequence[Stage],
    base_name: str,
    head_name: str,
    more: Sequence[Finding] = (),
    policy: Sequence[Rule] = (),
    compared: Sequence[Comparison] | None = None,
) -> Review:
    """Compare the stages of two sides.

    Args:
        base: stages before the change.
        head: stages after it.
        base_name: the reader's name of the base.
        head_name: the reader's name of the head.
        more: findings of every stage.
        policy: the project's own rules.
        compared: the differences of each stage of both sides, if they are known already.

    Raises:
        ReviewError: Node.js or one of its libraries is missing.
    """
    before = {stage.name: stage for stage in base}
    after = {stage.name: stage for stage in head}
    both = [name for name in after if name in before]
    compared = compared or cloudformation.compare([(before[name], after[name]) for name in both])
    found: list[Finding] = []
    counts = {}
    for name, comparison in zip(both, compared, strict=True):
        findings, changes = compare_stage(before[name], after[name], comparison, policy=policy)
        found += [replace(finding, stages=(name,)) for finding in findings]
        counts[name] = Counter(change.fate for change in changes if change.is_counted)
    found += [_new_stage(after[name]) for name in after if name not in before]
    found += [_gone_stage(before[name]) for name in before if name not in after]
    stages = tuple(dict.fromkeys([*after, *before]))
    found += [replace(finding, stages=stages) for finding in more]
    return Review(
        base=base_name,
        head=head_name,
        stages=stages,
        findings=tuple(gathered(merged(found))),
        cost={name: money.delta(before[name], after[name]) for name in both},
        counts=counts,
    )


def _new_stage(stage: Stage) -> Finding:
    return Finding(
        section=Section.HURT,
        rule="stage-added",
        severity=Severity.ATTENTION,
        title=f"Stage {stage.name} is new: {len(stage.resources)} resources",
        why="Everything in it is new, its roles and what they may do included.",
        subject=stage.name,
        rows=tuple(("—", *_counted(noun, count)) for noun, count in _nouns(stage)),
        stages=(stage.name,),
    )


def _counted(noun: str, count: int) -> tuple[str, str]:
    return "—", f"{count} x {noun}"


def _nouns(stage: Stage) -> Iterable[tuple[str, int]]:
    nouns = [resource.noun for resource in stage.resources.values()]
    return sorted({noun: nouns.count(noun) for noun in nouns}.items())


def _gone_stage(stage: Stage) -> Finding:
    return Finding(
        section=Section.HURT,
        rule="stage-removed",
        severity=Severity.ATTENTION,
        title=f"Stage {stage.name} is no longer in the code",
        why="Nothing is deleted by that: its stacks stay deployed, and nobody manages them. "
        "`cdk destroy` them from the base first, if that is what is meant.",
        subject=stage.name,
        stages=(stage.name,),
    )
