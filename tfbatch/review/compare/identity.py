"""Matches resources of both sides, including renamed ones."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare import differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tfbatch.review.sides.assembly import Key, Resource, Stage

_ALIKE = 0.3
"""Paths less similar than this (difflib's ratio) are not a moved construct."""
_SAME = 0.5
"""Resources with a smaller share of equal leaves are not the same one, changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """The matched sides of a stage."""

    base: Stage
    """Its resources have their names in the head, so that a rename isn't a change."""
    head: Stage
    same: Mapping[Key, Key]
    """Head -> base: CloudFormation treats them as one resource."""
    moved: Mapping[Key, Key]
    """Head -> base: the same construct, but CloudFormation creates it anew."""

    def added(self) -> Iterable[Resource]:
        """Resources only in the head."""
        known = self.same.keys() | self.moved.keys()
        return [one for key, one in self.head.resources.items() if key not in known]

    def removed(self) -> Iterable[Resource]:
        """Resources only in the base."""
        known = {*self.same.values(), *self.moved.values()}
        return [one for key, one in self.base.resources.items() if key not in known]

    def kept(self) -> Iterable[tuple[Resource, Resource]]:
        """Resources of both sides, including moved ones: base and head."""
        both = {**self.same, **self.moved}
        return [(self.base.resources[old], self.head.resources[new]) for new, old in both.items()]


def pair(base: Stage, head: Stage) -> Pairs:
    """Match a stage's resources: by logical id, then by similarity.

    The stacks of the base must be those that the deployment changes.
    """
    same = {key: key for key, one in head.resources.items() if _is_same(base, key, one)}
    gone = [one for key, one in base.resources.items() if key not in same]
    new = [one for key, one in head.resources.items() if key not in same]
    moved = _moved(gone, new)
    names = {old: head.resources[key].path for key, old in {**same, **moved}.items()}
    return Pairs(base=replace(base, names=names), head=head, same=same, moved=moved)


def _is_same(base: Stage, key: Key, one: Resource) -> bool:
    return key in base.resources and base.resources[key].kind == one.kind


def _moved(gone: list[Resource], new: list[Resource]) -> dict[Key, Key]:
    """Match resources of the same shape with the most similar path, then changed ones."""
    candidates = [
        (_sameness(old, one), _likeness(old, one), old, one)
        for one in new
        for old in gone
        if one.kind == old.kind
    ]
    candidates.sort(key=lambda one: (-(one[0] == 1), -one[1], -one[0], one[2].path, one[3].path))
    found: dict[Key, Key] = {}
    for sameness, similarity, old, one in candidates:
        free = one.key not in found and old.key not in found.values()
        if free and similarity >= _ALIKE and sameness >= _SAME:
            found[one.key] = old.key
    return found


def _likeness(old: Resource, one: Resource) -> float:
    return difflib.SequenceMatcher(None, old.path, one.path).ratio()


def _sameness(old: Resource, one: Resource) -> float:
    """The share of equal leaves of two resources, from 0 to 1."""
    first, second = _leaves(old), _leaves(one)
    return len(first & second) / (len(first | second) or 1)


def _leaves(resource: Resource) -> set[tuple[str, str]]:
    """A resource without names and references, which a move changes too."""
    kept = {key: one for key, one in resource.body.items() if key not in ("Metadata", "DependsOn")}
    return {(name, shown) for name, _, shown in differences.rows({}, _without_names(kept))}


def _without_names(value: Any) -> Any:  # noqa: ANN401 # any node of a template
    match value:
        case {"Ref": _}:
            return "{}"
        case {"Fn::GetAtt": [_, attribute]}:
            return f"{{{attribute}}}"
        case {"Fn::ImportValue": _}:
            return "{imported}"
        case dict():
            return {key: _without_names(item) for key, item in value.items() if key != "PolicyName"}
        case list():
            return [_without_names(item) for item in value]
        case _:
            return value
