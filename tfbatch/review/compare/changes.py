"""What happens to each resource, with every leaf that differs and the rule that explains it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.review.compare import cloudformation
from tfbatch.review.compare.differences import ABSENT, Leaf, leaves, same, shown
from tfbatch.review.compare.rules import harmless
from tfbatch.review.compare.rules.rule import UNKNOWN, Place, Rule, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tfbatch.review.compare.cloudformation import Difference
    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.compare.rules.rule import Fate
    from tfbatch.review.sides.assembly import Key, Resource, Stage

Explained = tuple[Leaf, Rule]
INERT = "AWS::CDK::Metadata"
_REPLACED = "WILL_REPLACE"
_MAYBE = "MAY_REPLACE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What happens to one resource."""

    fate: Fate
    resource: Resource
    """The head's; the base's if removed."""
    was: Resource | None = None
    """The base's."""
    explained: tuple[Explained, ...] = ()
    """Every leaf that differs, with its rule."""
    forced_by: tuple[str, ...] = ()
    """Properties that make CloudFormation replace it."""
    maybe: bool = False
    """Whether CloudFormation decides only at the deployment if it replaces the resource."""

    @property
    def is_counted(self) -> bool:
        """Whether it deploys anything: the CDK's usage statistics don't."""
        return self.resource.kind != INERT

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves without their rules."""
        return tuple(leaf for leaf, _ in self.explained)


def changes(
    pairs: Pairs,
    found: Iterable[Difference],
    *,
    rules: Sequence[Rule],
    elsewhere: Callable[[Resource, Resource, str], Rule | None],
) -> list[Change]:
    """Every resource that differs.

    Args:
        pairs: the matched sides.
        found: the differences.
        rules: what explains leaves.
        elsewhere: gives the rule for a property that another part of the review compares.
    """
    by_key: dict[Key, list[Difference]] = {}
    for one in found:
        if one.section == cloudformation.RESOURCES:
            by_key.setdefault((one.stack, one.id), []).append(one)
    explain = _Explainer(pairs, rules, elsewhere)
    gone = [Change(fate="removed", resource=one, was=one) for one in pairs.removed()]
    made = (explain(key, own) for key, own in by_key.items())
    return [*gone, *(change for change in made if change)]


class _Explainer:
    """Finds a rule for every leaf."""

    def __init__(
        self,
        pairs: Pairs,
        rules: Sequence[Rule],
        elsewhere: Callable[[Resource, Resource, str], Rule | None],
    ) -> None:
        self._pairs, self._rules, self._elsewhere = pairs, rules, elsewhere
        self._canonical = _Canonical(pairs)

    def __call__(self, key: Key, found: Sequence[Difference]) -> Change | None:
        """The change of the resource that the differences are about; ``None`` if it is gone."""
        head = self._pairs.head.resources.get(key)
        if head is None:
            return None
        if key in self._pairs.moved:
            return self._moved(self._pairs.base.resources[self._pairs.moved[key]], head)
        if key not in self._pairs.same:
            return self._added(head)
        return self._changed(self._pairs.base.resources[key], head, found)

    def _added(self, head: Resource) -> Change:
        return Change(
            fate="added", resource=head, explained=tuple(self._judged(None, head, "added"))
        )

    def _moved(self, was: Resource, head: Resource) -> Change:
        told = tuple(self._judged(was, head, "moved"))
        return Change(fate="moved", resource=head, was=was, explained=told)

    def _judged(self, was: Resource | None, head: Resource, fate: Fate) -> Iterator[Explained]:
        """Every leaf of a resource that CloudFormation creates anew."""
        place = self._place(was, head, fate)
        before = _whole(self._pairs.base, was) if was else {}
        for leaf in leaves(before, _whole(self._pairs.head, head)):
            rule = self._other_rule(was, head, leaf.path) or judge(leaf, place, self._rules)
            yield leaf, rule

    def _other_rule(self, was: Resource | None, head: Resource, path: str) -> Rule | None:
        if was is None:
            return None
        return self._elsewhere(was, head, re.split(r"[.\[]", path, maxsplit=1)[0])

    def _changed(self, was: Resource, head: Resource, found: Sequence[Difference]) -> Change:
        impacts = {one.impact for one in found}
        forced = tuple(
            one.name.partition(".")[2] for one in found if one.causes in (_REPLACED, _MAYBE)
        )
        fate: Fate = "replaced" if impacts & {_REPLACED, _MAYBE} else "changed"
        place = self._place(was, head, fate)
        told = [pair for one in found for pair in self._explained(was, head, one, place)]
        return Change(
            fate=fate,
            resource=head,
            was=was,
            explained=tuple(told),
            forced_by=forced,
            maybe=_REPLACED not in impacts and _MAYBE in impacts,
        )

    def _place(self, was: Resource | None, head: Resource, fate: Fate) -> Place:
        return Place(
            kind=head.kind,
            fate=fate,
            old=self._pairs.base.properties(was) if was else ABSENT,
            new=self._pairs.head.properties(head),
        )

    def _explained(
        self, was: Resource, head: Resource, one: Difference, place: Place
    ) -> Iterator[Explained]:
        """The leaves of one property, each with its rule."""
        name = one.name.removeprefix(f"{cloudformation.PROPERTIES}.")
        stack = head.key[0]
        if one.unseen:
            yield explain_unseen(one, name)
            return
        if same(one.old, one.new):
            yield self._replaced_reference(stack, name, one)
            return
        old = _read(self._pairs.base, stack, one.old)
        new = _read(self._pairs.head, stack, one.new)
        found = list(leaves(old, new, name))
        if not found:
            yield self._without_leaves(stack, name, one)
            return
        named = self._paths_without_contents(stack, name, one)
        rule_of_all = self._elsewhere(was, head, name)
        for leaf in found:
            contents = None if leaf.path in named else harmless.NEW_CONTENTS
            yield leaf, contents or rule_of_all or judge(leaf, place, self._rules)

    def _replaced_reference(self, stack: str, name: str, one: Difference) -> Explained:
        text = _read(self._pairs.head, stack, one.new)
        leaf = Leaf(path=name, old=text, new=f"{shown(text)}, which is replaced")
        return leaf, harmless.REPLACED_REFERENCE

    def _without_leaves(self, stack: str, name: str, one: Difference) -> Explained:
        """A property that reads the same on both sides, and is not the same to the letter."""
        if self._canonical.is_same(stack, one.old, one.new):
            names = _only_words(one.old, one.new), _only_words(one.new, one.old)
            return Leaf(path=name, old=names[0], new=names[1]), harmless.SAME_REFERENCE
        return Leaf(path=name, old=one.old, new=one.new), UNKNOWN

    def _paths_without_contents(self, stack: str, name: str, one: Difference) -> set[str]:
        """The leaves that differ in more than the contents of an asset."""
        old = _read(self._pairs.base, stack, one.old, contents=False)
        new = _read(self._pairs.head, stack, one.new, contents=False)
        return {leaf.path for leaf in leaves(old, new, name)}


def explain_unseen(one: Difference, path: str) -> Explained:
    """A value that the engine takes for the same: harmless if CloudFormation surely does too."""
    rule = harmless.WRITTEN_OTHERWISE if _is_equal(one.old, one.new) else UNKNOWN
    return Leaf(path=path, old=one.old, new=one.new), rule


def _read(stage: Stage, stack: str, value: Any, *, contents: bool = True) -> Any:  # noqa: ANN401
    """A value with references as text; absent stays absent."""
    return value if value is ABSENT else stage.read(stack, value, contents=contents)


def _only_words(value: Any, other: Any) -> str:  # noqa: ANN401 # any value of a template
    """The names in a value that another one doesn't have."""
    words = re.findall(r"[\w:-]+", json.dumps(value))
    others = set(re.findall(r"[\w:-]+", json.dumps(other)))
    return ", ".join(dict.fromkeys(word for word in words if word not in others))


def _whole(stage: Stage, resource: Resource) -> dict[str, Any]:
    """A resource's properties beside its attributes, with references as text."""
    stack = resource.key[0]
    beside = {
        name: stage.reader(stack).read(value)
        for name, value in resource.body.items()
        if name not in ("Type", cloudformation.PROPERTIES)
    }
    named = beside.get("DependsOn", [])
    if isinstance(named, list) and named:
        beside["DependsOn"] = sorted(stage.name_of((stack, str(one))) for one in named)
    return stage.properties(resource) | beside


def _neutral(stage: Stage, value: Any) -> Any:  # noqa: ANN401 # any value of a template
    return value if value is ABSENT else stage.neutral(value)


def _is_equal(old: Any, new: Any) -> bool:  # noqa: ANN401 # any value of a template
    """Whether CloudFormation reads two values alike: ``"10"`` and ``10``."""
    return same(_loose(old), _loose(new))


def _loose(value: Any, key: str = "") -> Any:  # noqa: ANN401 # any value of a template
    match value:
        case bool() | int():
            return str(value).lower()
        case list() | str() if key == "DependsOn":
            return sorted(map(str, value)) if isinstance(value, list) else [value]
        case str() if key == "Fn::GetAtt":
            return value.split(".")
        case list():
            return [_loose(item) for item in value]
        case dict():
            return {name: _loose(item, name) for name, item in value.items()}
        case _:
            return value


class _Canonical:
    """Compares values to the letter, after the names that a move or a build gives were replaced."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._ids = {
            old[1]: new[1] for new, old in pairs.moved.items() if old[0] == new[0] and old != new
        }

    def is_same(self, stack: str, old: Any, new: Any) -> bool:  # noqa: ANN401 # any two values
        """Whether two values are the same but for the ids of moved resources and asset hashes."""
        base, head = self._pairs.base, self._pairs.head
        first = self._plain(base, stack, _neutral(base, old), self._ids)
        return same(_loose(first), _loose(self._plain(head, stack, _neutral(head, new), {})))

    def _plain(self, stage: Stage, stack: str, value: Any, ids: Mapping[str, str]) -> Any:  # noqa: ANN401
        match value:
            case {"Fn::ImportValue": str(name)} if len(value) == 1 and name in stage.exports:
                exporter, exported = stage.exports[name]
                return {"import": exporter, "value": self._plain(stage, exporter, exported, ids)}
            case dict():
                return {key: self._plain(stage, stack, item, ids) for key, item in value.items()}
            case list():
                return [self._plain(stage, stack, item, ids) for item in value]
            case str():
                text = re.sub(r"\w+", lambda word: ids.get(word[0], word[0]), value)
                return self._by_contents(stage, text)
            case _:
                return value

    def _by_contents(self, stage: Stage, text: str) -> str:
        for one in stage.bundles.values():
            text = text.replace(one.hash, f"{one.name}@{one.digest}")
        return text
