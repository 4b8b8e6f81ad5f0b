"""Reports the resources that differ, each leaf under the rule that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch.review.compare.rules.dangers import KEEPING
from tfbatch.review.compare.rules.harmless import SHOWN_AS_WORKFLOW
from tfbatch.review.compare.rules.rule import UNKNOWN
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.sides import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tfbatch.review.compare.changes import Change
    from tfbatch.review.compare.differences import Leaf
    from tfbatch.review.compare.rules.rule import Fate, Rule
    from tfbatch.review.finding import Row

    Template = Mapping[str, object]

_MANY: dict[Fate, str] = {
    "added": "are added",
    "removed": "are removed",
    "replaced": "are created anew",
    "moved": "are created anew under other logical ids",
}


def findings(found: Iterable[Change]) -> Iterator[Finding]:
    """What happens to each resource, and what the rules say of its leaves."""
    for change in found:
        by_rule = _by_rule(change)
        if change.fate != "changed" and change.is_counted:
            yield _of_fate(change, known=UNKNOWN.name not in {rule.name for rule in by_rule})
        if name := _fixed_name(change):
            yield _failing(change, name)
        for rule, leaves in by_rule.items():
            if not (change.fate in ("added", "moved") and rule.verdict is Severity.FINE):
                yield _of_rule(change, rule, leaves)


def _by_rule(change: Change) -> dict[Rule, list[Leaf]]:
    found: dict[Rule, list[Leaf]] = {}
    for leaf, rule in change.explained:
        found.setdefault(rule, []).append(leaf)
    return found


def _of_rule(change: Change, rule: Rule, leaves: Iterable[Leaf]) -> Finding:
    name = str(change.resource)
    return Finding(
        section=Section.HURT if rule.verdict > Severity.FINE else Section.RESOURCES,
        rule=rule.name,
        severity=rule.verdict,
        title=f"{name[0].upper()}{name[1:]} {rule.says}",
        many=rule.many or rule.says,
        noun=change.resource.noun,
        why=rule.why,
        subject=change.resource.path,
        logical_id=change.resource.key[1],
        rows=() if rule is SHOWN_AS_WORKFLOW else tuple(leaf.row for leaf in leaves),
    )


def _of_fate(change: Change, *, known: bool) -> Finding:
    """The finding that a resource is added, removed, replaced or moved."""
    fine = change.fate == "added" and known
    return Finding(
        section=Section.RESOURCES,
        rule=f"resource-{change.fate}",
        severity=Severity.FINE if fine else Severity.ATTENTION,
        title=_title(change),
        many=_MANY[change.fate],
        noun=change.resource.noun,
        why=_why(change, known=known),
        subject=change.resource.path,
        logical_id=change.resource.key[1],
        fate=change.fate,
        rows=tuple(_ids(change)),
    )


def _ids(change: Change) -> Iterator[Row]:
    if change.fate == "moved" and change.was is not None:
        yield "logical id", change.was.key[1], change.resource.key[1]


def _title(change: Change) -> str:
    match change.fate:
        case "replaced":
            by = ", ".join(dict.fromkeys(change.forced_by)) or "what it refers to"
            may = "may be created anew" if change.maybe else "is created anew"
            return f"{change.resource} {may}, because {by} can't change in place"
        case "moved" if change.was is not None and change.was.path == change.resource.path:
            before = change.was.key[1]
            return f"{change.resource} is created anew under another logical id ({before} before)"
        case "moved" if change.was is not None:
            return f"{change.resource} was {change.was.path}: CloudFormation creates it anew"
        case fate:
            return f"{change.resource} is {fate}"


_WHYS = {
    "AWS::SageMaker::Model": "Runs in progress name the old model, and their next job fails: "
    "deploy while none runs.",
}


def _why(change: Change, *, known: bool) -> str:
    """What follows for who uses it."""
    match change.fate:
        case "added":
            return "It watches, records or grants." if known else "No rule knows what it does."
        case "removed":
            return "The deployment deletes it."
        case _ if _stays(change):
            return (
                "The deployment creates a new one. The old one stays in the account for what still "
                "uses it, and someone has to delete it."
            )
        case _:
            new = "The deployment creates a new one and deletes the old one."
            return _WHYS.get(change.resource.kind, new)


def _stays(change: Change) -> bool:
    """Whether a policy keeps the old one; of two policies of a replaced one, the weaker counts."""
    attribute = "UpdateReplacePolicy" if change.fate == "replaced" else "DeletionPolicy"
    sides = [change.was, change.resource] if change.fate == "replaced" else [change.was]
    return all(one is not None and one.body.get(attribute) in KEEPING for one in sides)


def _failing(change: Change, name: str) -> Finding:
    return Finding(
        section=Section.HURT,
        rule="deployment-fails",
        severity=Severity.ATTENTION,
        title=f"The deployment will fail: {change.resource} is replaced and keeps its {name}",
        why="CloudFormation creates the new one before it deletes the old one, and both can't have "
        "the same name. Change the name as well.",
        subject=change.resource.path,
        logical_id=change.resource.key[1],
    )


def _fixed_name(change: Change) -> str | None:
    """The property that names a replaced resource, and doesn't change with it."""
    if change.was is None or change.fate != "replaced" or change.maybe:
        return None
    before = change.was.body.get("Properties", {})
    after = change.resource.body.get("Properties", {})
    names = schemas.physical_names(change.resource.kind)
    return next((name for name in names if _is_fixed(change, name, before, after)), None)


def _is_fixed(change: Change, name: str, before: Template, after: Template) -> bool:
    is_same = name in before and before[name] == after.get(name)
    return is_same and name not in change.forced_by
