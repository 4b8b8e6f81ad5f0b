"""Reports what differs beside the resources: outputs, mappings, parameters, …, and whole stacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare import cloudformation
from tfbatch.review.compare.changes import explain_unseen
from tfbatch.review.compare.differences import ABSENT, Leaf, leaves
from tfbatch.review.compare.rules.rule import Place, Rule, judge
from tfbatch.review.finding import Finding, Section, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tfbatch.review.compare.changes import Change
    from tfbatch.review.compare.cloudformation import Comparison, Difference
    from tfbatch.review.compare.rules.rule import Fate
    from tfbatch.review.finding import Row
    from tfbatch.review.sides.assembly import Stage

_NOUNS = {
    "Outputs": "output",
    "Mappings": "mapping",
    "Parameters": "parameter",
    "Conditions": "condition",
    "Stack": "stack",
    "Assets": "asset",
}


def findings(
    base: Stage, head: Stage, found: Iterable[Difference], rules: Sequence[Rule]
) -> Iterator[Finding]:
    """Every difference outside the resources, each leaf under the rule that explains it."""
    for one in (*found, *_beside_templates(base, head)):
        if one.section == cloudformation.RESOURCES:
            continue
        by_rule: dict[Rule, list[Leaf]] = {}
        for leaf, rule in _explained(base, head, one, rules):
            by_rule.setdefault(rule, []).append(leaf)
        for rule, own in by_rule.items():
            yield _finding(one, rule, own)


def _beside_templates(base: Stage, head: Stage) -> Iterator[Difference]:
    """What the CDK deploys a stack with, and where its assets go."""
    for name in head.stacks:
        if cloudformation.is_kept(base, head, name):
            old, new = base.stacks[name], head.stacks[name]
            for section, before, after in (
                ("Stack", old.settings, new.settings),
                ("Assets", old.assets, new.assets),
            ):
                for key, first, second in cloudformation.unequal(before, after):
                    yield cloudformation.Difference(
                        stack=name, section=section, id=key, old=first, new=second
                    )


def _explained(
    base: Stage, head: Stage, one: Difference, rules: Sequence[Rule]
) -> Iterator[tuple[Leaf, Rule]]:
    fate: Fate = "added" if one.old is ABSENT else "removed" if one.new is ABSENT else "changed"
    old, new = (
        _read(stage, one.stack, value) for stage, value in ((base, one.old), (head, one.new))
    )
    place = Place(kind=one.section, fate=fate, old=old, new=new)
    if one.unseen:
        yield explain_unseen(one, one.id or one.section)
        return
    found = list(leaves(old, new, one.id)) or [Leaf(path=one.id, old=one.old, new=one.new)]
    for leaf in found:
        yield leaf, judge(leaf, place, rules)


def _read(stage: Stage, stack: str, value: Any) -> Any:  # noqa: ANN401 # any part of a template
    return value if value is ABSENT or stack not in stage.stacks else stage.read(stack, value)


def _finding(one: Difference, rule: Rule, found: Sequence[Leaf]) -> Finding:
    noun = _NOUNS.get(one.section, f"{one.section}")
    subject = one.stack if one.section == "Stack" else one.id or one.stack
    return Finding(
        section=Section.HURT if rule.verdict > Severity.FINE else Section.RESOURCES,
        rule=rule.name,
        severity=rule.verdict,
        title=f"{noun[0].upper()}{noun[1:]} {subject} {rule.says}".replace("  ", " "),
        many=rule.many or rule.says,
        noun=noun,
        why=rule.why,
        subject=subject,
        logical_id="" if subject == one.stack else one.stack,
        rows=tuple(_row(one, leaf) for leaf in found),
    )


def _row(one: Difference, leaf: Leaf) -> Row:
    """A leaf by its path inside the output or the mapping."""
    path, old, new = leaf.row
    inside = path.removeprefix(one.id).removeprefix(".")
    return inside or path, old, new


def stacks(base: Stage, head: Stage) -> Iterator[Finding]:
    """Stacks that are new, that left the app, or that go to another account or region."""
    for name, stack in head.stacks.items():
        if name not in base.stacks:
            yield _of_stack(
                "stack-added",
                name,
                f"Stack {name} is new: {_count(stack.template)} resources",
                "Everything in it is new, its roles and what they may do included.",
            )
        elif not cloudformation.is_kept(base, head, name):
            old = base.stacks[name].environment
            yield _of_stack(
                "stack-elsewhere",
                name,
                f"Stack {name} goes to another account or region",
                f"Everything in it is made anew there. The old stack stays in {old}, with its data "
                "and its cost, and nobody manages it any more.",
                row=("environment", old, stack.environment),
            )
    for name, stack in base.stacks.items():
        if name not in head.stacks and not stack.parent:
            yield _of_stack(
                "stack-left",
                name,
                f"Stack {name} is no longer in the app: it stays deployed",
                f"Nothing is deleted by that. Its {_count(stack.template)} resources go on, and go "
                "on costing. `cdk destroy` it from the base, if that is what is meant.",
            )


def _count(template: Any) -> int:  # noqa: ANN401 # a template
    return len(template.get("Resources", {}))


def _of_stack(rule: str, name: str, title: str, why: str, **more: Any) -> Finding:  # noqa: ANN401
    row = more.get("row")
    return Finding(
        section=Section.HURT,
        rule=rule,
        severity=Severity.ATTENTION,
        title=title,
        why=why,
        subject=name,
        rows=(row,) if row else (),
    )


def failures(comparison: Comparison) -> Iterator[Finding]:
    """Stacks whose templates the engine of ``cdk diff`` can't compare."""
    for name, error in comparison.failures.items():
        yield _of_stack(
            "template-invalid",
            name,
            f"What a deployment of stack {name} replaces can't be told",
            f"`cdk diff` can't read one of its templates either: {error}",
        )


def exports_in_use(base: Stage, head: Stage, changes: Iterable[Change]) -> Iterator[Finding]:
    """Exports that another stack imports, and that the deployment would remove or change."""
    anew = {
        change.was.key
        for change in changes
        if change.was and change.fate != "changed" and not change.maybe
    }
    imports = {name: set(_imports(base, one.template)) for name, one in base.stacks.items()}
    for name, (stack, value) in base.exports.items():
        users = [one for one, named in imports.items() if name in named and one != stack]
        kept = name in head.exports and head.exports[name][0] == stack
        if not users or not cloudformation.is_kept(base, head, stack):
            continue
        if not kept or _refers(value, stack, anew):
            what = "can't be changed" if kept else "can't be removed"
            yield Finding(
                section=Section.HURT,
                rule="deployment-fails",
                severity=Severity.ATTENTION,
                title=f"The deployment will fail: an export of {stack} is in use and {what}",
                many=f"are in use and {what}: the deployment will fail",
                noun="export",
                why="CloudFormation refuses to remove or change an export while a deployed stack "
                "imports it. First deploy a version that exports both (`export_value`).",
                subject=name,
                rows=(("imported by", ", ".join(users), ""),),
            )


def _imports(stage: Stage, template: Any) -> Iterator[str]:  # noqa: ANN401 # any part of a template
    """The names of the exports that a template imports."""
    match template:
        case {"Fn::ImportValue": name}:
            yield str(stage.neutral(name))
        case dict():
            for item in template.values():
                yield from _imports(stage, item)
        case list():
            for item in template:
                yield from _imports(stage, item)


def _refers(value: Any, stack: str, anew: set[tuple[str, str]]) -> bool:  # noqa: ANN401 # any value
    """Whether a value names a resource that is created anew."""
    text = json.dumps(value)
    return any(json.dumps(key[1]) in text for key in anew if key[0] == stack)
