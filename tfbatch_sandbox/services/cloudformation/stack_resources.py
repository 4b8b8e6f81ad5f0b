"""Brings a stack's resources to what a template says, as CloudFormation does.

moto updates a resource when its text in the template changes; here it is updated when what that
text stands for changes, so a new model reaches the state machine that refers to it.
"""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing

from tfbatch_sandbox.services.cloudformation.template_order import creation_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.cloudformation.parsing import ResourceMap

    from tfbatch_sandbox.services.json_type import Json

    Report = Callable[["Step"], None]


@dataclass(frozen=True, slots=True)
class Step:
    """What has happened to a resource."""

    logical_id: str
    kind: str
    status: str
    physical_id: str = ""
    reason: str | None = None


_LOG = logging.getLogger(__name__)
_KEPT = frozenset({"Retain", "RetainExceptOnCreate"})


def apply(
    resources: ResourceMap,
    template: dict[str, Any],
    parameters: Mapping[str, Any],
    report: Report,
) -> None:
    """Make, change and remove resources until they are what ``template`` says.

    Args:
        resources: the stack's.
        template: the whole template.
        parameters: the template's parameters by name.
        report: told of each step.
    """
    before = dict(resources._resource_json_map)  # noqa: SLF001 - moto has no public seam here
    _load(resources, template, parameters)
    wanted = {
        logical_id: template["Resources"][logical_id]
        for logical_id in creation_order(template["Resources"])
        if _is_wanted(resources, template["Resources"][logical_id])
    }
    for logical_id, resource in wanted.items():
        _bring(resources, logical_id, resource, report)
    for logical_id in reversed(list(resources._parsed_resources)):  # noqa: SLF001
        if logical_id in before and logical_id not in wanted:
            remove(resources, logical_id, before[logical_id], report)


def remove_all(resources: ResourceMap, report: Report) -> None:
    """Remove every resource of a stack, the last made first."""
    for logical_id in reversed(list(resources._parsed_resources)):  # noqa: SLF001
        if logical_id in resources._resource_json_map:  # noqa: SLF001
            remove(resources, logical_id, resources._resource_json_map[logical_id], report)  # noqa: SLF001
    resources._resource_json_map = {}  # noqa: SLF001


def remove(
    resources: ResourceMap, logical_id: str, resource: Mapping[str, Any], report: Report
) -> None:
    """Remove one resource, unless its template keeps it."""
    made = resources._parsed_resources[logical_id]  # noqa: SLF001
    if made is not None and resource.get("DeletionPolicy") not in _KEPT:
        resources._delete_resource(made, resource)  # noqa: SLF001
        report(Step(logical_id, resource["Type"], "DELETE_COMPLETE", _physical_id(made)))
    del resources._parsed_resources[logical_id]  # noqa: SLF001
    _meanings(resources).pop(logical_id, None)


def _load(resources: ResourceMap, template: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    resources._template = template  # noqa: SLF001
    resources._resource_json_map = template["Resources"]  # noqa: SLF001
    resources.input_parameters = dict(parameters)
    resources.load()


def _is_wanted(resources: ResourceMap, resource: Mapping[str, Any]) -> bool:
    return "Condition" not in resource or resources.lazy_condition_map[resource["Condition"]]


def _bring(
    resources: ResourceMap,
    logical_id: str,
    resource: Json,
    report: Report,
) -> None:
    """Make the resource, or change it when its meaning has changed."""
    meanings = _meanings(resources)
    meaning = copy.deepcopy(parsing.clean_json(copy.deepcopy(resource), resources))
    old = resources._parsed_resources.get(logical_id)  # noqa: SLF001
    if old is not None and meaning == meanings.get(logical_id):
        return
    verb = "CREATE" if old is None else "UPDATE"
    kind = resource["Type"]
    report(Step(logical_id, kind, f"{verb}_IN_PROGRESS", _physical_id(old)))
    try:
        made = resources[logical_id] if old is None else _change(resources, logical_id, resource)
    except Exception as error:
        report(Step(logical_id, kind, f"{verb}_FAILED", reason=reason(error)))
        raise
    resources._parsed_resources[logical_id] = made or old  # noqa: SLF001
    meanings[logical_id] = meaning
    report(Step(logical_id, kind, f"{verb}_COMPLETE", _physical_id(made)))


def reason(error: Exception) -> str:
    """What to tell of an error; moto's keep their message in an attribute."""
    return str(getattr(error, "message", None) or error) or type(error).__name__


def _physical_id(resource: Any) -> str:  # noqa: ANN401 - moto's classes
    return getattr(resource, "physical_resource_id", None) or ""


def _change(resources: ResourceMap, logical_id: str, resource: Any) -> Any:  # noqa: ANN401 - moto's classes
    changed = parsing.parse_and_update_resource(
        logical_id,
        copy.deepcopy(resource),
        resources,
        account_id=resources._account_id,  # noqa: SLF001
        region_name=resources._region_name,  # noqa: SLF001
    )
    if changed is None:
        _LOG.warning("moto can't update %s, a %s", logical_id, resource["Type"])
    return changed


def _meanings(resources: ResourceMap) -> dict[str, Any]:
    """What each resource's text stood for when it was made or changed last."""
    if not hasattr(resources, "tfbatch_meanings"):
        resources.tfbatch_meanings = {}
    meanings: dict[str, Any] = resources.tfbatch_meanings
    return meanings
