"""Adds to the engine's differences what CloudFormation's change sets say of replacement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tfbatch.review.compare import planned_values
from tfbatch.review.compare.cloudformation import PROPERTIES, RESOURCES, Difference
from tfbatch.review.finding import Finding, Section, Severity
from tfbatch.review.sides import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_cloudformation.type_defs import (
        ResourceChangeDetailTypeDef,
        ResourceChangeTypeDef,
    )

    from tfbatch.review.compare.cloudformation import Comparison
    from tfbatch.review.finding import Row
    from tfbatch.review.sides.assembly import Key, Stage
    from tfbatch.review.sides.deployed.change_sets import Plan

_IMPACTS: Final = ("", "MAY_REPLACE", "WILL_REPLACE")
_PLANNED: Final = {"False": 0, "Conditional": 1, "True": 2}
_WORDS: Final = ("stays", "may be replaced", "is replaced")
_LOSING: Final = ("Delete", "Snapshot")


def combined(
    base: Stage, head: Stage, comparison: Comparison, plans: Mapping[str, Plan]
) -> tuple[Comparison, list[Finding]]:
    """The differences with the stricter of both replacements, and where the two differ.

    Args:
        base: the stage as it is deployed.
        head: the stage after the change.
        comparison: the engine's differences.
        plans: what CloudFormation would do, by stack.
    """
    found = list(comparison.differences)
    findings: list[Finding] = []
    for stack, plan in plans.items():
        if plan.refused:
            findings.append(_refused(head.stacks[stack].deployed_name, plan.refused))
            continue
        engine = _by_resource(stack, found)
        merging = _Merging(base, head, stack, plan, engine)
        findings += merging.findings()
        found = [one for one in found if one.stack != stack or one.section != RESOURCES]
        found += [one for id_ in {**engine, **plan.changes} for one in merging.differences(id_)]
    return replace(comparison, differences=found), findings


def _by_resource(stack: str, found: list[Difference]) -> dict[str, list[Difference]]:
    grouped: dict[str, list[Difference]] = {}
    for one in found:
        if one.stack == stack and one.section == RESOURCES:
            grouped.setdefault(one.id, []).append(one)
    return grouped


@dataclass(frozen=True, slots=True)
class _Merging:
    """The two accounts of one stack."""

    base: Stage
    head: Stage
    stack: str
    plan: Plan
    engine: Mapping[str, list[Difference]]

    def differences(self, id_: str) -> list[Difference]:
        """The differences of a resource, with the stricter impact and the values when deployed."""
        own = self.engine.get(id_, [])
        if not self._is_on_both_sides(id_):
            return own
        known = {one.name for one in own}
        change = self.plan.changes.get(id_)
        valued = planned_values.differences(self.stack, change) if change else ()
        every = [*own, *(one for one in valued if one.name not in known)]
        planned = self._planned(id_)
        return every if planned <= self._guessed(id_) else list(self._raised(id_, every, planned))

    def _raised(self, id_: str, found: list[Difference], planned: int) -> Iterator[Difference]:
        """Differences with the impact of a replacement, and one for each cause that has none."""
        impact = _IMPACTS[planned]
        causes = {f"{PROPERTIES}.{name}" for name in self._causes(id_)}
        for one in found:
            yield replace(one, impact=impact, causes=impact if one.name in causes else one.causes)
        for name in sorted((causes or {PROPERTIES}) - {one.name for one in found}):
            yield self._referring(id_, name, impact)

    def findings(self) -> Iterator[Finding]:
        """Where CloudFormation would do something else than the templates show."""
        rows = list(self._rows())
        stricter = any(self._planned(id_) > self._guessed(id_) for id_, _ in rows)
        named = [row for _, row in rows]
        yield _differing(self._name, named, stricter=stricter) if rows else _agreeing(self._name)
        for id_, change in self.plan.changes.items():
            if change["Action"] == "Remove" and self._key(id_) in self.head.resources:
                yield self._removed(id_, change)
            if change["Action"] == "Add" and self._key(id_) in self.base.resources:
                yield self._added(id_)

    @property
    def _name(self) -> str:
        return self.head.stacks[self.stack].deployed_name

    def _key(self, id_: str) -> Key:
        return self.stack, id_

    def _is_on_both_sides(self, id_: str) -> bool:
        return all(self._key(id_) in side.resources for side in (self.base, self.head))

    def _rows(self) -> Iterator[tuple[str, Row]]:
        for id_ in {**self.engine, **self.plan.changes}:
            guessed, planned = self._guessed(id_), self._planned(id_)
            if self._is_on_both_sides(id_) and guessed != planned:
                name = str(self.head.resources[self._key(id_)])
                yield id_, (name, _WORDS[guessed], _WORDS[planned])

    def _guessed(self, id_: str) -> int:
        """The engine's replacement, as a position in ``_IMPACTS``."""
        found = (one.impact for one in self.engine.get(id_, []) if one.impact in _IMPACTS)
        return max(map(_IMPACTS.index, found), default=0)

    def _planned(self, id_: str) -> int:
        """The change set's replacement, likewise."""
        change = self.plan.changes.get(id_)
        if change is None or change["Action"] != "Modify":
            return 0
        planned = _PLANNED.get(change.get("Replacement", "False"), 1)
        return 0 if planned == 1 and change.get("Details") and not self._causes(id_) else planned

    def _causes(self, id_: str) -> list[str]:
        """The properties that make CloudFormation replace a resource, or may make it."""
        details = self.plan.changes[id_].get("Details", [])
        open_ = [one for one in details if planned_values.recreates(one) and not self._stays(one)]
        named = [str(one["Target"].get("Name", "")) for one in open_]
        return list(dict.fromkeys(name for name in named if name))

    def _stays(self, detail: ResourceChangeDetailTypeDef) -> bool:
        """Whether a value comes from a resource that changes in place, and identifies that."""
        cause, _, attribute = detail.get("CausingEntity", "").partition(".")
        change = self.plan.changes.get(cause)
        if detail.get("Evaluation") != "Dynamic" or change is None:
            return False
        in_place = change["Action"] == "Modify" and change.get("Replacement") == "False"
        identity = {"Arn", *schemas.identifiers(change["ResourceType"])}
        return in_place and not self._guessed(cause) and attribute in identity

    def _referring(self, id_: str, name: str, impact: str) -> Difference:
        """A property that reads the same on both sides, and refers to what changes."""
        body = self.head.stacks[self.stack].template[RESOURCES][id_]
        value: Any = body.get(PROPERTIES, {})
        if name != PROPERTIES:
            value = value.get(name.removeprefix(f"{PROPERTIES}."))
        return Difference(
            stack=self.stack,
            section=RESOURCES,
            id=id_,
            name=name,
            old=value,
            new=value,
            impact=impact,
            causes=impact,
        )

    def _removed(self, id_: str, change: ResourceChangeTypeDef) -> Finding:
        resource = self.head.resources[self._key(id_)]
        losing = change.get("PolicyAction", "Delete") in _LOSING
        is_lost = losing and schemas.is_stateful(resource.kind)
        return Finding(
            section=Section.HURT,
            rule="condition-removes",
            severity=Severity.DESTRUCTIVE if is_lost else Severity.ATTENTION,
            title=f"CloudFormation removes {resource}",
            why="The template still has it, with a condition that no longer holds."
            + (" Its data is deleted." if is_lost else ""),
            subject=resource.path,
            logical_id=id_,
        )

    def _added(self, id_: str) -> Finding:
        resource = self.base.resources[self._key(id_)]
        return Finding(
            section=Section.HURT,
            rule="condition-adds",
            severity=Severity.ATTENTION,
            title=f"CloudFormation adds {resource}",
            why="The deployed template has it too, with a condition that doesn't hold there.",
            subject=resource.path,
            logical_id=id_,
        )


def _differing(stack: str, rows: list[Row], *, stricter: bool) -> Finding:
    return Finding(
        section=Section.HURT if stricter else Section.CHECKS,
        rule="replacement-differs",
        severity=Severity.ATTENTION if stricter else Severity.FINE,
        title=f"CloudFormation's change set of {stack} says otherwise than the templates",
        why="The table has what the templates show, and what CloudFormation plans. This review "
        "takes the worse of the two.",
        rows=tuple(rows),
    )


def _agreeing(stack: str) -> Finding:
    return Finding(
        section=Section.CHECKS,
        rule="change-set-agrees",
        title=f"CloudFormation's change set of {stack} plans the replacements that are shown here",
    )


def _refused(stack: str, reason: str) -> Finding:
    return Finding(
        section=Section.HURT,
        rule="deployment-fails",
        severity=Severity.ATTENTION,
        title=f"The deployment will fail: CloudFormation refuses the template of {stack}",
        why=f"It says: {reason}",
    )
