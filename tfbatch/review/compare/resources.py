"""Compares resources: added, changed, replaced, moved and removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tfbatch.review.compare import differences
from tfbatch.review.finding import Finding, Row, Section
from tfbatch.review.sides import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tfbatch.review.compare.identity import Pairs
    from tfbatch.review.sides.assembly import Key, Resource, Stage

Fate = Literal["added", "removed", "changed", "replaced", "moved"]
_BESIDE = ("DeletionPolicy", "UpdateReplacePolicy", "Condition")
"""Attributes of a resource that are not properties, but matter as much."""
_MANY: dict[Fate, str] = {
    "added": "are added",
    "removed": "are removed",
    "changed": "are changed in the same properties",
    "moved": "are created anew under other logical ids",
}
_ELSEWHERE = ("PolicyDocument", "AssumeRolePolicyDocument", "DefinitionString", "Definition")
"""Shown elsewhere: under permissions and under the workflow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What happens to one resource."""

    fate: Fate
    resource: Resource
    """The head's; the base's if removed."""
    was: Resource | None = None
    """The base's."""
    rows: tuple[Row, ...] = ()
    forced_by: tuple[str, ...] = ()
    """Properties that make CloudFormation replace it."""


def changes(pairs: Pairs) -> list[Change]:
    """All differences, with replacements followed through references."""
    kept = {new.key: (old, new, _rows(pairs, old, new)) for old, new in pairs.kept()}
    forced = _forced(pairs, {key: rows for key, (_, _, rows) in kept.items()})
    found = [Change(fate="removed", resource=one, was=one) for one in pairs.removed()]
    for key, (old, new, rows) in kept.items():
        if key in pairs.moved or key in forced or rows:
            fate = _fate(key, pairs, forced)
            reasons = forced.get(key, ())
            found.append(Change(fate=fate, resource=new, was=old, rows=rows, forced_by=reasons))
    return found + [Change(fate="added", resource=one) for one in pairs.added()]


def _fate(key: Key, pairs: Pairs, forced: dict[Key, tuple[str, ...]]) -> Fate:
    if key in pairs.moved:
        return "moved"
    return "replaced" if key in forced else "changed"


def _rows(pairs: Pairs, old: Resource, new: Resource) -> tuple[Row, ...]:
    before, after = _comparable(pairs.base, old), _comparable(pairs.head, new)
    return differences.rows(before, after)


def _comparable(stage: Stage, resource: Resource) -> dict[str, object]:
    beside = {name: resource.body[name] for name in _BESIDE if name in resource.body}
    return stage.properties(resource) | beside


def _forced(pairs: Pairs, rows: dict[Key, tuple[Row, ...]]) -> dict[Key, tuple[str, ...]]:
    """Resources that are replaced, and the properties that cause it.

    A reference to a replaced resource is a new value, even if it looks the same.
    """
    found = {
        key: reasons
        for key in pairs.same
        if (reasons := _create_only(pairs.head.resources[key].kind, (row[0] for row in rows[key])))
    }
    while True:
        anew = {pairs.head.resources[key].path for key in {*found, *pairs.moved}}
        more = {
            key: reasons
            for key in pairs.same
            if key not in found and (reasons := tuple(_referring(pairs, key, anew)))
        }
        if not more:
            return found
        found |= more


def _create_only(kind: str, changed: Iterable[str]) -> tuple[str, ...]:
    fixed = schemas.create_only(kind)
    return tuple(name for name in changed if any(_is_within(name, one) for one in fixed))


def _is_within(name: str, property_name: str) -> bool:
    plain = name.replace("[", ".")
    return plain == property_name or plain.startswith(f"{property_name}.")


def _referring(pairs: Pairs, key: Key, anew: set[str]) -> Iterator[str]:
    """Create-only properties that refer to a replaced resource."""
    resource = pairs.head.resources[key]
    properties = pairs.head.properties(resource)
    for name in schemas.create_only(resource.kind):
        value = properties.get(name.partition(".")[0])
        if value is not None and any(
            f"{{{path}}}" in str(value) or f"{{{path}." in str(value) for path in anew
        ):
            yield name


def findings(found: Iterable[Change]) -> Iterator[Finding]:
    """The findings of all changes."""
    for change in found:
        if change.fate == "changed" and not _readable(change.rows):
            continue  # a policy that names another artifact, or one shown under permissions
        yield Finding(
            section=Section.RESOURCES,
            rule=f"resource-{change.fate}",
            title=_title(change),
            many=_MANY.get(change.fate, ""),
            noun=change.resource.noun,
            subject=change.resource.path,
            logical_id=change.resource.key[1],
            rows=_readable(change.rows),
        )


def _title(change: Change) -> str:
    match change.fate:
        case "replaced":
            by = ", ".join(dict.fromkeys(name.partition(".")[0] for name in change.forced_by))
            return f"{change.resource} is created anew, because {by} can't change in place"
        case "moved" if change.was is not None and change.was.path == change.resource.path:
            before = change.was.key[1]
            return f"{change.resource} is created anew under another logical id ({before} before)"
        case "moved" if change.was is not None:
            return f"{change.resource} was {change.was.path}: CloudFormation creates it anew"
        case fate:
            return f"{change.resource} is {fate}"


def _readable(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The resource without what is shown elsewhere."""
    return tuple(row for row in rows if row[0].partition(".")[0] not in _ELSEWHERE)
