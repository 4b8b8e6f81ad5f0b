"""Compares both sides of one stage."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tfbatch.review.compare import (
    artifact,
    checks,
    cloudformation,
    identity,
    money,
    resources,
    sections,
    settings,
    stateful,
)
from tfbatch.review.compare.changes import changes as changes_of
from tfbatch.review.compare.permissions import findings as permissions
from tfbatch.review.compare.rules import harmless
from tfbatch.review.compare.rules.dangers import DANGERS
from tfbatch.review.compare.workflow import findings as workflow
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.sides import stacks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfbatch.review.compare.changes import Change
    from tfbatch.review.compare.cloudformation import Comparison
    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.compare.rules.rule import Rule
    from tfbatch.review.sides.assembly import Resource, Stage

_BY_TAG = re.compile(r'(?:Resource|Principal|Request)Tag/([^"]*)', re.IGNORECASE)
_TAG_KEY = re.compile(r"[\w:./=+@-]+")


def compare_stage(
    base: Stage, head: Stage, comparison: Comparison, *, policy: Sequence[Rule] = ()
) -> tuple[list[Finding], list[Change]]:
    """The findings of a stage, and what happens to its resources.

    Args:
        base: the stage before the change.
        head: after it.
        comparison: every difference of their templates.
        policy: the project's own rules.
    """
    pairs = identity.pair(_deployed(base, head), head)
    rules = (*DANGERS, *harmless.HARMLESS, *_tags(base, head), *policy)
    changes = changes_of(
        pairs, comparison.differences, rules=rules, elsewhere=partial(_elsewhere, pairs)
    )
    found = list(_findings(base, pairs, comparison, changes, rules))
    if comparison.broadened and not any(finding.severity for finding in found):
        found.append(_rewritten())
    return found, changes


def _findings(
    base: Stage,
    pairs: Pairs,
    comparison: Comparison,
    changes: Sequence[Change],
    rules: Sequence[Rule],
) -> Iterator[Finding]:
    head = pairs.head
    yield from sections.failures(comparison)
    yield from sections.stacks(base, head)
    yield from sections.exports_in_use(pairs.base, head, changes)
    yield from stateful.findings(pairs, changes)
    yield from permissions.findings(pairs)
    yield from workflow.findings(pairs)
    yield from artifact.findings(base, head)
    yield from resources.findings(changes)
    yield from sections.findings(pairs.base, head, comparison.differences, rules)
    yield from money.findings(pairs)
    yield from checks.findings(pairs)
    yield from settings.findings(base.settings, head.settings)


def _deployed(base: Stage, head: Stage) -> Stage:
    """The base without the stacks that the deployment leaves as they are."""
    kept = {
        name
        for name, stack in base.stacks.items()
        if cloudformation.is_kept(base, head, name) or _parent_is_kept(base, head, stack)
    }
    return replace(
        base,
        stacks={name: stack for name, stack in base.stacks.items() if name in kept},
        resources={key: one for key, one in base.resources.items() if key[0] in kept},
    )


def _parent_is_kept(base: Stage, head: Stage, stack: stacks.Stack) -> bool:
    """Whether a nested stack is deleted with its resources when its parent no longer has it."""
    names = {one.deployed_name: name for name, one in base.stacks.items()}
    while stack.parent:
        if cloudformation.is_kept(base, head, names[stack.parent]):
            return True
        stack = base.stacks[names[stack.parent]]
    return False


def _tags(base: Stage, head: Stage) -> list[Rule]:
    """The rule that tags are harmless, but for those by which a policy decides."""
    texts = [json.dumps(one.template) for side in (base, head) for one in side.stacks.values()]
    deciding = {key.lower() for text in texts for key in _BY_TAG.findall(text)}
    if not all(map(_TAG_KEY.fullmatch, deciding)):
        return []  # a key that isn't written out may be any
    return [harmless.other_tags(deciding)] if deciding else [harmless.TAGS]


def _elsewhere(pairs: Pairs, was: Resource, head: Resource, name: str) -> Rule | None:
    """The rule for a property that is compared in another way."""
    nested = f"{head.key[0]}/{head.key[1]}"
    if head.kind == stacks.NESTED and name == "TemplateURL":
        both = nested in pairs.base.stacks and nested in pairs.head.stacks
        return harmless.NESTED_TEMPLATE if both else None
    return permissions.rule_for(pairs, was, head, name) or workflow.rule_for(pairs, was, head, name)


def _rewritten() -> Finding:
    return Finding(
        section=Section.HURT,
        rule="permissions-rewritten",
        severity=Severity.ATTENTION,
        title="`cdk diff` counts this change as more permissions",
        why="Compared as sets, nobody may do more than before. Look at the statements below.",
    )
