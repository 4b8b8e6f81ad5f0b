"""Compares two sides stage by stage and computes the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tfbatch.review.compare import (
    artifact,
    checks,
    exposure,
    identity,
    money,
    permissions,
    resources,
    settings,
    stateful,
    workflow,
)
from tfbatch.review.finding import Finding, Section, Severity, gathered, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tfbatch.review.sides.assembly import Stage

_QUIET = ("cost-unchanged", "not-deployed")
_PERMISSIONS = ("permissions-broadened", "permissions-added", "denial-dropped", "public-access")
_IN_SHORT = (
    ("public-access", "open to anyone"),
    ("bucket-public", "public access possible"),
    ("encryption-weakened", "encryption weakened"),
    ("network-isolation-off", "network isolation off"),
    ("retention-lost", "retention lost"),
    ("termination-protection-lost", "termination protection off"),
    ("limit-raised", "limits raised"),
    ("check-new", "new findings of the checks"),
    ("hash-without-content", "an asset hash moved for nothing"),
    ("packages-changed", "packages changed"),
    ("drift", "deployed differs from the base"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """The result of a review."""

    base: str
    head: str
    stages: tuple[str, ...]
    findings: tuple[Finding, ...]
    cost: Mapping[str, float]
    """Stage -> USD that 100,000 records cost more."""

    @property
    def severity(self) -> Severity:
        """The worst severity of the findings, whose value is the exit code."""
        return max((finding.severity for finding in self.findings), default=Severity.FINE)

    @property
    def is_empty(self) -> bool:
        """Whether nothing deployed changes."""
        return not any(finding.rule not in _QUIET for finding in self.findings)

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
        rules = {finding.rule for finding in found}
        counted = [
            f"{count} {word}"
            for word in ("added", "changed", "replaced", "moved", "removed")
            if (count := sum(one.count for one in found if one.rule == f"resource-{word}"))
        ]
        lost = sum(one.count for one in found if one.severity is Severity.DESTRUCTIVE)
        parts = [", ".join(counted) or "no resource changes"]
        parts += [f"data of {lost} lost"] if lost else []
        parts += ["permissions broadened"] if rules.intersection(_PERMISSIONS) else []
        parts += [words for rule, words in _IN_SHORT if rule in rules]
        if abs(amount := self.cost.get(stage, 0.0)) >= 0.005:  # noqa: PLR2004 # half a cent
            parts.append(f"{amount:+.2f} USD per 100,000 records")
        return "; ".join(parts)


def compare(
    *,
    base: Sequence[Stage],
    head: Sequence[Stage],
    base_name: str,
    head_name: str,
    more: Sequence[Finding] = (),
) -> Review:
    """Compare the stages of two sides.

    Args:
        base: stages before the change.
        head: stages after it.
        base_name: the reader's name of the base.
        head_name: the reader's name of the head.
        more: findings of every stage.
    """
    before = {stage.name: stage for stage in base}
    after = {stage.name: stage for stage in head}
    both = [name for name in after if name in before]
    found = [
        replace(finding, stages=(name,))
        for name in both
        for finding in _findings(before[name], after[name])
    ]
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
    )


def _findings(base: Stage, head: Stage) -> Iterator[Finding]:
    pairs = identity.pair(base, head)
    changes = resources.changes(pairs)
    yield from stateful.findings(base, head, changes)
    yield from exposure.findings(pairs, changes)
    yield from permissions.findings(pairs)
    yield from workflow.findings(pairs)
    yield from artifact.findings(base, head)
    yield from resources.findings(changes)
    yield from money.findings(pairs)
    yield from checks.findings(pairs)
    yield from settings.findings(base.settings, head.settings)


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
