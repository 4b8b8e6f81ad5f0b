"""Keeps the exports of stacks: their names are unique, and an imported one stays as it is.

moto lets a stack delete, rename or change an export that another stack imports. The messages are
CloudFormation's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.parsing import Export, clean_json
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from moto.cloudformation.models import Stack
    from moto.cloudformation.parsing import ResourceMap

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime

_WITHOUT_RESOURCES = frozenset({"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"})


def install(_runtime: Runtime) -> None:
    """Add ListImports, and check the exports of CreateStack."""
    CloudFormationResponse.list_imports = _list_imports
    replace(CloudFormationBackend, "_validate_export_uniqueness", _check_created)


def imported(value: Json, resources: ResourceMap) -> Iterator[str]:
    """The names of the exports that a part of a template imports."""
    if isinstance(value, list):
        for item in value:
            yield from imported(item, resources)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Fn::ImportValue":
                yield clean_json(item, resources)
            elif key == "Fn::If":
                name, then, other = item
                yield from imported(
                    then if resources.lazy_condition_map[name] else other, resources
                )
            else:
                yield from imported(item, resources)


def imports(template: Mapping[str, Json], resources: ResourceMap) -> set[str]:
    """The names of the exports that a template imports, under its conditions."""
    return {
        name
        for section in ("Resources", "Outputs")
        for part in (template.get(section) or {}).values()
        if _holds(part, resources)
        for name in imported(part, resources)
    }


def importers(backend: CloudFormationBackend, name: str) -> list[str]:
    """The names of the stacks that import an export."""
    return [
        stack.name
        for stack in backend.stacks.values()
        if stack.status not in _WITHOUT_RESOURCES
        and name in imports(stack.template_dict, stack.resource_map)
    ]


def check_names(backend: CloudFormationBackend, stack: Stack, names: Collection[str]) -> None:
    """Check that a stack may export ``names``, and no others.

    Raises:
        ApiError: another stack exports one of them, or imports one that is left out.
    """
    for export in backend.exports.values():
        if export.exporting_stack_id == stack.stack_id:
            users = importers(backend, export.name) if export.name not in names else []
            if users:
                raise _refusal(
                    f"Export {export.name} cannot be deleted as it is in use by "
                    f"{' and '.join(users)}"
                )
        elif export.name in names:
            owner = backend.stacks[export.exporting_stack_id].name
            raise _refusal(f"Export with name {export.name} is already exported by stack {owner}")


def check_values(backend: CloudFormationBackend, exports: Collection[Export]) -> None:
    """Check that no imported export changes its value.

    Raises:
        ApiError: a stack imports one that does.
    """
    for export in exports:
        old = backend.exports.get(export.name)
        if old is not None and old.value != export.value:
            users = importers(backend, export.name)
            if users:
                raise _refusal(
                    f"Cannot update export {export.name} as it is in use by {' and '.join(users)}"
                )


def names(template: Mapping[str, Json], resources: ResourceMap) -> set[str]:
    """The names of the exports of a template, under its conditions."""
    return {
        clean_json(output["Export"]["Name"], resources) for output in _exported(template, resources)
    }


def made(stack: Stack) -> list[Export]:
    """The exports of a stack whose resources are there."""
    resources = stack.resource_map
    return [
        Export(
            stack.stack_id,
            clean_json(output["Export"]["Name"], resources),
            clean_json(output["Value"], resources),
        )
        for output in _exported(stack.template_dict, resources)
    ]


def _exported(template: Mapping[str, Json], resources: ResourceMap) -> Iterator[Json]:
    for output in (template.get("Outputs") or {}).values():
        if "Export" in output and _holds(output, resources):
            yield output


def _holds(part: Mapping[str, Json], resources: ResourceMap) -> bool:
    return "Condition" not in part or resources.lazy_condition_map[part["Condition"]]


def store(backend: CloudFormationBackend, stack: Stack, exports: Collection[Export]) -> None:
    """Replace the exports of a stack."""
    for name, export in list(backend.exports.items()):
        if export.exporting_stack_id == stack.stack_id:
            del backend.exports[name]
    backend.exports.update({export.name: export for export in exports})


def _check_created(backend: CloudFormationBackend, stack: Stack) -> None:
    try:
        check_names(backend, stack, names(stack.template_dict, stack.resource_map))
    except ApiError:
        del backend.stacks[stack.stack_id]
        raise


def _list_imports(response: CloudFormationResponse) -> ActionResult:
    name = response._get_param("ExportName")  # noqa: SLF001 - moto has no public seam here
    users = importers(response.cloudformation_backend, name)
    if not users:
        raise _refusal(f"Export '{name}' is not imported by any stack.")
    return ActionResult({"Imports": users})


def _refusal(message: str) -> ApiError:
    return ApiError("ValidationError", message)
