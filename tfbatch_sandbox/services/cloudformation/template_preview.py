"""Resolves the intrinsic functions of a template without creating its resources."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ExportNotFound
from moto.cloudformation.parsing import ResourceMap, clean_json

from tfbatch_sandbox.services.cloudformation.template_order import creation_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.services.json_type import Json

_UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""CloudFormation's text for a value that only a deployment gives."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A template, and the resources of it that exist; moto's ``clean_json`` reads it."""

    resources: ResourceMap
    """The template's, with its parameters and conditions loaded."""
    made: Mapping[str, Any]
    """The resources that exist already, by logical id."""

    @property
    def lazy_condition_map(self) -> Mapping[str, bool]:
        """The template's conditions, as moto's ``clean_json`` reads them."""
        return self.resources.lazy_condition_map

    @property
    def cross_stack_resources(self) -> Mapping[str, Any]:
        """The exports of all stacks, as moto's ``clean_json`` reads them."""
        return self.resources.cross_stack_resources or {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a parameter, mapping or resource
        if name not in self.resources._resource_json_map:  # noqa: SLF001 # moto has no public seam
            return self.resources[name]
        return self.made[name] if name in self.made else _Unmade()

    def get(self, name: str) -> Any:  # noqa: ANN401 - as above
        """The value of a name, or ``None``."""
        try:
            return self[name]
        except KeyError:
            return None

    def wanted(self) -> dict[str, Json]:
        """The resources whose condition holds, each after those that it refers to."""
        every = self.resources._resource_json_map  # noqa: SLF001
        return {name: every[name] for name in creation_order(every) if self.holds(every[name])}

    def holds(self, part: Mapping[str, Any]) -> bool:
        """Whether the condition of a resource or an output holds."""
        return "Condition" not in part or self.lazy_condition_map[part["Condition"]]

    def value(self, text: Json) -> Json:
        """The value that ``text`` stands for.

        Raises:
            ExportNotFound: it imports an export that doesn't exist.
        """
        try:
            return copy.deepcopy(clean_json(copy.deepcopy(text), self))
        except ExportNotFound:
            raise
        except Exception:  # noqa: BLE001 - such as Fn::Select on a value that isn't known yet
            return _UNKNOWN

    def resource(self, text: Mapping[str, Any]) -> dict[str, Json]:
        """The value of a resource; a property whose value isn't known doesn't hide the others."""
        properties = {key: self.value(each) for key, each in text.get("Properties", {}).items()}
        known = {key: each for key, each in properties.items() if each is not None}
        return {key: self.value(each) for key, each in text.items()} | {"Properties": known}

    def outputs(self) -> dict[str, Json]:
        """The values and export names of the outputs."""
        outputs = self.resources._template.get("Outputs") or {}  # noqa: SLF001
        return {
            name: self.value({key: each.get(key) for key in ("Value", "Export")})
            for name, each in outputs.items()
            if self.holds(each)
        }


class _Unmade:
    """A resource that the change set would create."""

    physical_resource_id = _UNKNOWN

    def get_cfn_attribute(self, _name: str) -> str:
        return _UNKNOWN
