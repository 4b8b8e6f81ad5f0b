"""Computes the resource changes that a change set lists.

The rules are those of the API reference's ``ResourceChange`` and of "Example change sets" in the
CloudFormation user guide. A property is compared by its value, not by its text in the template. A
property that refers to a changed parameter or resource has a detail for each such reference.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfbatch_sandbox.services.cloudformation.resource_schemas import (
    is_taggable,
    requires_recreation,
)
from tfbatch_sandbox.services.cloudformation.template_order import references
from tfbatch_sandbox.services.cloudformation.template_preview import Preview

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_sandbox.services.json_type import Json

_ATTRIBUTES = (
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
    "DeletionPolicy",
    "UpdateReplacePolicy",
)
_IMPACTS = ("False", "Conditional", "True")


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A stack's resources and those of a new template."""

    old: Preview
    new: Preview
    meanings: Mapping[str, Json]
    """The existing resources, as they were resolved when they were deployed last."""
    new_tags: bool
    """Whether the tags of the stack change."""
    replaced: dict[str, str] = field(default_factory=dict)
    """``Replacement`` of the resources modified so far; ``Add`` for added ones."""

    def changes(self) -> list[Json]:
        """The ``ResourceChange`` of every resource that is added, modified or removed."""
        wanted = self.new.wanted()
        changes = []
        for logical_id, resource in wanted.items():
            if logical_id not in self.meanings:
                self.replaced[logical_id] = "Add"
                changes.append(_change("Add", logical_id, resource["Type"]))
            elif details := self._details(logical_id, resource):
                changes.append(self._modification(logical_id, resource, details))
        for logical_id, resource in self.meanings.items():
            if logical_id not in wanted:
                policy = resource.get("DeletionPolicy", "Delete")
                removal = _change("Remove", logical_id, resource["Type"])
                removal |= {"PolicyAction": policy.replace("ExceptOnCreate", "")}
                changes.append(removal | self._identity(logical_id))
        return changes

    def is_same(self) -> bool:
        """Whether the outputs, the tags and the values of parameters stay the same."""
        old, new = (side.resources.resolved_parameters for side in (self.old, self.new))
        return (
            not self.new_tags
            and all(old[name] == new[name] for name in old.keys() & new.keys())
            and self.old.outputs() == self.new.outputs()
        )

    def _modification(self, logical_id: str, resource: Json, details: list[Json]) -> Json:
        replacement = _IMPACTS[max(map(_impact, details))]
        self.replaced[logical_id] = replacement
        before, after = self.meanings[logical_id], self._after(resource)
        contexts = {
            name: json.dumps(
                {key: each[key] for key in ("Properties", *_ATTRIBUTES) if key in each}
            )
            for name, each in (("BeforeContext", before), ("AfterContext", after))
        }
        change = _change("Modify", logical_id, resource["Type"]) | self._identity(logical_id)
        change |= {"Replacement": replacement, "Details": details} | contexts
        change["Scope"] = list(dict.fromkeys(each["Target"]["Attribute"] for each in details))
        if replacement != "False":
            policy = resource.get("UpdateReplacePolicy", "Delete")
            change["PolicyAction"] = f"ReplaceAnd{policy}"
        return change

    def _identity(self, logical_id: str) -> dict[str, str]:
        identity = getattr(self.old.made.get(logical_id), "physical_resource_id", None)
        return {"PhysicalResourceId": identity} if identity else {}

    def _after(self, resource: Json) -> Json:
        """The resource, without the values that replacing another resource changes."""
        kept = {
            name: each
            for name, each in self.new.made.items()
            if self.replaced.get(name, "False") == "False"
        }
        return Preview(self.new.resources, kept).resource(resource)

    def _details(self, logical_id: str, resource: Json) -> list[Json]:
        old, new = self.meanings[logical_id], self.new.resource(resource)
        details = [
            _detail({"Attribute": name, "RequiresRecreation": "Never"}, "Static")
            for name in _ATTRIBUTES
            if old.get(name) != new.get(name)
        ]
        before, after = old.get("Properties") or {}, new.get("Properties") or {}
        for name in dict.fromkeys([*after, *before]):
            text = (resource.get("Properties") or {}).get(name)
            details += self._property(resource, name, text, (before.get(name), after.get(name)))
        tagged = any(each["Target"]["Attribute"] == "Tags" for each in details)
        if self.new_tags and not tagged and is_taggable(resource["Type"]):
            tags = {"Attribute": "Tags", "RequiresRecreation": "Never"}
            details.append(_detail(tags, "Static"))
        return sorted(details, key=_impact)

    def _property(
        self, resource: Json, name: str, text: Json, values: tuple[Json, Json]
    ) -> list[Json]:
        """The details of one property: a direct change, and each reference that changes it."""
        before, after = values
        causes = list(self._causes(text, differs=before != after))
        locations = [(name, *location) for location in _differences(before, after)]
        locations += [(name, *location) for location, _, _, _ in causes]
        if not locations:
            return []
        target = {"RequiresRecreation": requires_recreation(resource["Type"], locations)}
        if name == "Tags":
            target |= {"Attribute": "Tags"}
        else:
            planned = (self._after(resource).get("Properties") or {}).get(name)
            target |= {"Attribute": "Properties", "Name": name} | _values(name, before, planned)
        details = [
            _detail(target, evaluation, source, entity) for _, evaluation, source, entity in causes
        ]
        static = any(evaluation == "Static" for _, evaluation, _, _ in causes)
        if static or before != after:
            details.insert(0, _detail(target, "Dynamic" if static else "Static"))
        return list({json.dumps(each): each for each in details}.values())

    def _causes(
        self, text: Json, *, differs: bool
    ) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
        """Location, evaluation, source and entity of each reference that changes a property."""
        old, new = (side.resources.resolved_parameters for side in (self.old, self.new))
        for location, name, attribute in references(text):
            if name in new:
                if differs and old.get(name) != new[name]:
                    yield location, "Static", "ParameterReference", name
                continue
            replacement = self.replaced.get(name)
            static = "Static" if replacement in {"Add", "True"} else "Dynamic"
            if attribute and replacement:
                yield location, static, "ResourceAttribute", f"{name}.{attribute}"
            elif replacement not in {None, "False"}:
                yield location, static, "ResourceReference", name


def _change(action: str, logical_id: str, kind: str) -> Json:
    return {
        "Action": action,
        "LogicalResourceId": logical_id,
        "ResourceType": kind,
        "Scope": [],
        "Details": [],
    }


def _detail(
    target: Json, evaluation: str, source: str = "DirectModification", entity: str | None = None
) -> Json:
    detail = {"Target": target, "Evaluation": evaluation, "ChangeSource": source}
    return detail | {"CausingEntity": entity} if entity else detail


def _values(name: str, before: Json, after: Json) -> dict[str, str]:
    texts = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in (("BeforeValue", before), ("AfterValue", after))
        if value is not None
    }
    kind = "Modify" if len(texts) > 1 else "Add" if "AfterValue" in texts else "Remove"
    return texts | {"Path": f"/Properties/{name}", "AttributeChangeType": kind}


def _impact(detail: Json) -> int:
    """The position in ``_IMPACTS`` of the replacement that a detail leads to."""
    required = detail["Target"]["RequiresRecreation"]
    if required == "Always" and detail["Evaluation"] == "Static":
        return 2
    return 0 if required == "Never" else 1


def _differences(old: Json, new: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The locations at which two values differ."""
    if old == new:
        return
    if isinstance(old or {}, dict) and isinstance(new or {}, dict) and (old or new):
        for key in {**(old or {}), **(new or {})}:
            yield from _differences((old or {}).get(key), (new or {}).get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from _differences(one, other, (*path, "*"))
    else:
        yield path
