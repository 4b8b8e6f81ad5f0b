"""Computes every difference of two stages' templates with the engine of ``cdk diff``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbatch.review import node
from tfbatch.review.compare.differences import ABSENT, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tfbatch.review.sides.assembly import Stage

_PROGRAM = Path(__file__).with_name("templates.mjs")
RESOURCES = "Resources"
PROPERTIES = "Properties"
_Pair = tuple["Mapping[str, Any]", "Mapping[str, Any]"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A part of a template that differs."""

    stack: str
    section: str
    """``Resources``, ``Outputs``, ``Mappings``, … as in the template."""
    id: str = ""
    """The logical id, or the name of the output, the mapping, …; empty for a whole section."""
    name: str = ""
    """``Properties.BucketName``, ``DeletionPolicy``; empty for a whole resource."""
    old: Any = ABSENT
    new: Any = ABSENT
    impact: str = ""
    """What CloudFormation does to the resource: ``WILL_UPDATE``, ``MAY_REPLACE``, …"""
    causes: str = ""
    """What this property makes it do."""
    unseen: bool = False
    """The engine takes both values for the same: ``"true"`` and ``true``."""

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Where it is."""
        return self.stack, self.section, self.id, self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What differs between two stages' templates."""

    differences: Sequence[Difference]
    broadened: bool
    """Whether ``cdk diff --fail-on broadening`` would fail."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """Stack -> why the engine can't compare it. Its differences have no impacts."""


def compare(sides: Sequence[tuple[Stage, Stage]]) -> list[Comparison]:
    """Every difference of the stacks that both sides have, and everything in the head's new ones.

    A stack that the head doesn't have isn't deleted by a deployment: it has no differences.

    Args:
        sides: pairs of a base and a head.

    Raises:
        ReviewError: Node.js or its library is missing.
    """
    pairs = {
        (number, name): pair
        for number, (base, head) in enumerate(sides)
        for name, pair in _templates(base, head)
    }
    answers = dict(
        zip(pairs, node.run(_PROGRAM, list(pairs.values())) if pairs else [], strict=True)
    )
    return [
        Comparison(
            differences=[
                one
                for key, pair in pairs.items()
                if key[0] == number
                for one in _of_stack(key[1], pair, answers[key]["differences"])
            ],
            broadened=any(answers[key]["broadened"] for key in pairs if key[0] == number),
            failures={
                key[1]: answers[key]["error"]
                for key in pairs
                if key[0] == number and "error" in answers[key]
            },
        )
        for number in range(len(sides))
    ]


def _templates(base: Stage, head: Stage) -> Iterator[tuple[str, _Pair]]:
    """The templates of both sides that aren't equal to the letter."""
    for name, stack in head.stacks.items():
        before = base.stacks[name].template if is_kept(base, head, name) else {}
        if not same(before, stack.template):
            yield name, (before, stack.template)


def is_kept(base: Stage, head: Stage, name: str) -> bool:
    """Whether both sides have a stack, in the same account and region."""
    both = name in base.stacks and name in head.stacks
    return both and base.stacks[name].environment == head.stacks[name].environment


def _of_stack(name: str, pair: _Pair, answer: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    found = [_difference(name, one) for one in answer]
    yield from found
    seen = {one.place for one in found}
    for place, old, new in _raw(name, *pair):
        stack, section, id_, inner = place
        above = {place, (stack, section, id_, ""), (stack, section, "", "")}
        if not above & seen:
            yield Difference(
                stack=stack, section=section, id=id_, name=inner, old=old, new=new, unseen=True
            )


def _difference(stack: str, one: Mapping[str, Any]) -> Difference:
    name = f"{PROPERTIES}.{one['property']}" if "property" in one else one.get("attribute", "")
    return Difference(
        stack=stack,
        section=one["section"],
        id=one["id"],
        name=name,
        old=one.get("old", ABSENT),
        new=one.get("new", ABSENT),
        impact=one.get("impact", ""),
        causes=one.get("causes", ""),
    )


def _raw(
    stack: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, str, str, str], Any, Any]]:
    """Every part of two templates that isn't equal to the letter."""
    for section, old, new in unequal(before, after):
        if not (isinstance(old, dict) and isinstance(new, dict)):
            yield (stack, section, "", ""), old, new
            continue
        for id_, first, second in unequal(old, new):
            whole = not (isinstance(first, dict) and isinstance(second, dict))
            if section != RESOURCES or whole:
                yield (stack, section, id_, ""), first, second
                continue
            for name, one, other in unequal(first, second):
                if name == PROPERTIES and isinstance(one, dict) and isinstance(other, dict):
                    for inner, left, right in unequal(one, other):
                        yield (stack, section, id_, f"{PROPERTIES}.{inner}"), left, right
                else:
                    yield (stack, section, id_, name), one, other


def unequal(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The members of two objects that aren't equal to the letter, with both values."""
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key, ABSENT), after.get(key, ABSENT)
        if not same(old, new):
            yield key, old, new
