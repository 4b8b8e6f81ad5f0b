"""Creates, updates and deletes a stack's resources as its template says.

moto updates a resource when its text in the template changes. Here it is updated when its value
changes, so a state machine is updated when a model that it refers to is replaced.
"""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing

from tfbatch_sandbox.services.cloudformation.template_preview import Preview

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from moto.cloudformation.parsing import ResourceMap

    from tfbatch_sandbox.services.json_type import Json

    Report = Callable[["Step"], None]


@dataclass(frozen=True, slots=True)
class Step:
    """An event of a resource."""

    logical_id: str
    kind: str
    status: str
    physical_id: str = ""
    reason: str | None = None


_LOG = logging.getLogger(__name__)
_RETAIN = frozenset({"Retain"})
_KEPT = frozenset({*_RETAIN, "RetainExceptOnCreate"})


def load(resources: ResourceMap, template: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    """Give the resources of a stack a new template, before any of them is changed."""
    meanings(resources)
    resources._template = template  # noqa: SLF001 - moto has no public seam here
    resources._resource_json_map = template["Resources"]  # noqa: SLF001
    resources.input_parameters = dict(parameters)
    resources.load()


def bring(resources: ResourceMap, report: Report) -> None:
    """Create the resources of the template that are missing, and update those that changed."""
    for logical_id, resource in _wanted(resources).items():
        _bring(resources, logical_id, resource, report)


def remove_unwanted(resources: ResourceMap, report: Report) -> None:
    """Delete the resources that the template no longer has."""
    wanted, known = _wanted(resources), meanings(resources)
    for logical_id in reversed(list(resources._parsed_resources)):  # noqa: SLF001
        if logical_id in known and logical_id not in wanted:
            remove(resources, logical_id, known[logical_id], report)


def remove_all(resources: ResourceMap, report: Report, *, is_rollback: bool = False) -> None:
    """Delete every resource of a stack, in reverse order of creation.

    Args:
        resources: of the stack.
        report: takes each step.
        is_rollback: whether the stack's creation failed.
    """
    kept = _RETAIN if is_rollback else _KEPT
    for logical_id in reversed(list(resources._parsed_resources)):  # noqa: SLF001
        if logical_id in resources._resource_json_map:  # noqa: SLF001
            meaning = resources._resource_json_map[logical_id]  # noqa: SLF001
            remove(resources, logical_id, meaning, report, kept=kept)
    resources._resource_json_map = {}  # noqa: SLF001


def remove(
    resources: ResourceMap,
    logical_id: str,
    resource: Mapping[str, Any],
    report: Report,
    *,
    kept: Container[str] = _KEPT,
) -> None:
    """Delete a resource, unless its DeletionPolicy is one of those that keep it."""
    made = resources._parsed_resources[logical_id]  # noqa: SLF001
    if made is not None and resource.get("DeletionPolicy") not in kept:
        resources._delete_resource(made, resource)  # noqa: SLF001
        report(Step(logical_id, resource["Type"], "DELETE_COMPLETE", _physical_id(made)))
    del resources._parsed_resources[logical_id]  # noqa: SLF001
    getattr(resources, "tfbatch_meanings", {}).pop(logical_id, None)


def _wanted(resources: ResourceMap) -> dict[str, Json]:
    return Preview(resources, existing(resources)).wanted()


def _bring(
    resources: ResourceMap,
    logical_id: str,
    resource: Json,
    report: Report,
) -> None:
    """Create the resource, or update it when its value has changed."""
    known = meanings(resources)
    meaning = copy.deepcopy(parsing.clean_json(copy.deepcopy(resource), resources))
    old = resources._parsed_resources.get(logical_id)  # noqa: SLF001
    if old is not None and meaning == known.get(logical_id):
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
    known[logical_id] = meaning
    report(Step(logical_id, kind, f"{verb}_COMPLETE", _physical_id(made)))


def reason(error: Exception) -> str:
    """The message of an error; moto's keep it in an attribute."""
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
        _LOG.warning("moto can't update the resource %s of type %s", logical_id, resource["Type"])
    return changed


def existing(resources: ResourceMap) -> dict[str, Any]:
    """The existing resources by logical id."""
    parsed = resources._parsed_resources  # noqa: SLF001
    return {name: parsed[name] for name in resources._resource_json_map if name in parsed}  # noqa: SLF001


def meanings(resources: ResourceMap) -> dict[str, Any]:
    """The existing resources as their template said, resolved when they were deployed last."""
    if not hasattr(resources, "tfbatch_meanings"):  # moto's own CreateStack keeps none
        there = existing(resources)
        preview = Preview(resources, there)
        resources.tfbatch_meanings = {
            name: parsing.clean_json(copy.deepcopy(resources._resource_json_map[name]), preview)  # noqa: SLF001
            for name in there
        }
    known: dict[str, Any] = resources.tfbatch_meanings
    return known
