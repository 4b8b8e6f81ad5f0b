"""Deploys, updates and deletes CloudFormation stacks.

As on AWS, this happens in the background, with events, and a failure is rolled back. moto does it
in the caller's request, and leaves out outputs and exports of change sets.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.cloudformation import responses
from moto.cloudformation.models import CloudFormationBackend, Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

from tfbatch_sandbox.services.cloudformation import change_sets, exports, stack_resources
from tfbatch_sandbox.services.errors import ApiError, refusal
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.cloudformation.models import ChangeSet
    from moto.cloudformation.parsing import Export, Output
    from moto.core.common_models import CloudFormationModel

    from tfbatch_sandbox.services.runtime import Runtime

_LOG = logging.getLogger(__name__)
_PATIENCE_SECONDS = 20.0
"""How long a request waits for the deployment: the CDK polls every 5 s."""


def install(_runtime: Runtime) -> None:
    """Replace moto's deployments."""
    replace(CloudFormationBackend, "execute_change_set", _execute)
    replace(CloudFormationBackend, "update_stack", _update)
    replace(CloudFormationBackend, "delete_stack", _delete)
    CloudFormationResponse.update_termination_protection = _protect  # moto lacks it
    # moto's own creates the missing resources, in the caller's thread.
    replace(Stack, "stack_resources", property(_made))
    replace(Stack, "stack_parameters", property(_given))
    original = replace(responses, "get_stack_from_s3_url", None)
    replace(responses, "get_stack_from_s3_url", partial(_template, original))


def _template(original: Callable[..., str], url: str, **named: Any) -> str:  # noqa: ANN401 # moto's
    """The template at an S3 URL. moto knows a path-style one by the word ``localhost``."""
    return original(url.replace("//127.0.0.1:", "//localhost:", 1), **named)


@dataclass(frozen=True, slots=True)
class Outputs:
    """A stack's outputs when it was deployed last; moto computes them at each request."""

    made: tuple[Output, ...] = ()
    exports: tuple[Export, ...] = ()

    def values(self) -> tuple[Output, ...]:
        """The outputs."""
        return self.made


def _made(stack: Stack) -> list[CloudFormationModel]:
    resources = stack.resource_map
    parsed = resources._parsed_resources  # noqa: SLF001 - moto has no public seam here
    made = (parsed.get(logical_id) for logical_id in resources._resource_json_map)  # noqa: SLF001
    return [resource for resource in made if resource is not None]


def _given(stack: Stack) -> dict[str, str]:
    """Parameters as they were given, for ``UsePreviousValue``.

    moto returns the value of an SSM parameter in place of its name.
    """
    given = stack.resource_map.input_parameters
    declared = stack.template_dict.get("Parameters", {})
    return {name: given.get(name, each.get("Default")) for name, each in declared.items()}


def _execute(
    backend: CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> None:
    change_set = change_sets.find(backend, change_set_name, stack_name)
    if change_set.execution_status != "AVAILABLE":
        raise ApiError(
            "InvalidChangeSetStatus",
            f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of "
            f"[{change_set.status}]",
        )
    change_set.execution_status = "EXECUTE_IN_PROGRESS"
    _in_background(partial(_deploy, backend, change_set, backend.stacks[change_set.stack_id]))


def _update(  # noqa: PLR0913, PLR0917 - moto's parameters
    backend: CloudFormationBackend,
    name: str,
    template: str,
    role_arn: str | None,
    parameters: list[dict[str, str]],
    tags: dict[str, str] | None,
) -> Stack:
    """UpdateStack: as a change set that is executed at once."""
    stack = backend.get_stack(name)
    previous = stack.stack_parameters
    given = {
        (name := each["ParameterKey"]): previous.get(name)
        if each.get("UsePreviousValue")
        else each.get("ParameterValue", previous.get(name))
        for each in parameters
    }
    change_set_id, _ = backend.create_change_set(
        stack_name=stack.name,
        change_set_name="UpdateStack",
        change_set_type="UPDATE",
        template=template,
        parameters=given,
        description="",
        tags=tags,
        role_arn=role_arn,
    )
    change_set = backend.change_sets[change_set_id]
    try:
        if change_set.status == "FAILED":
            unchanged = change_set.status_reason == change_sets.NO_CHANGES
            reason = "No updates are to be performed." if unchanged else change_set.status_reason
            raise ApiError("ValidationError", reason)
        _execute(backend, change_set_id)
    finally:
        del backend.change_sets[change_set_id]
    return stack


def _deploy(backend: CloudFormationBackend, change_set: ChangeSet, stack: Stack) -> None:
    verb, before = change_set.change_set_type, stack.template
    _set(stack, f"{verb}_IN_PROGRESS", "User Initiated")
    stack.resource_map.cross_stack_resources = backend.exports
    try:
        _apply(backend, stack, change_set.template, change_set.parameters)
    except Exception as error:  # noqa: BLE001 - moto's are of every class
        _LOG.warning("Stack %s", stack.name, exc_info=True)
        _take_back(backend, stack, before, verb, stack_resources.reason(error))
        change_set.execution_status = "EXECUTE_FAILED"
    else:
        stack.tags = change_set.tags or stack.tags
        stack.role_arn = change_set.role_arn or stack.role_arn
        change_set.execution_status = "EXECUTE_COMPLETE"
        _set(stack, f"{verb}_COMPLETE")


def _apply(
    backend: CloudFormationBackend, stack: Stack, template: str, parameters: dict[str, str]
) -> None:
    resources, report = stack.resource_map, partial(_report, stack)
    stack_resources.load(resources, stack.parse_template(template), parameters)
    stack.template = template
    stack._parse_template()  # noqa: SLF001
    stack.description = stack.template_dict.get("Description")
    exports.check_names(backend, stack, exports.names(stack.template_dict, resources))
    stack_resources.bring(resources, report)
    made = exports.made(stack)
    exports.check_values(backend, made)
    stack_resources.remove_unwanted(resources, report)
    stack.parameters = parameters
    outputs = stack._create_output_map().values()  # noqa: SLF001
    stack.output_map = Outputs(tuple(filter(None, outputs)), tuple(made))
    exports.store(backend, stack, made)


def _take_back(
    backend: CloudFormationBackend, stack: Stack, before: str, verb: str, reason: str
) -> None:
    prefix = "ROLLBACK" if verb == "CREATE" else "UPDATE_ROLLBACK"
    _set(stack, f"{prefix}_IN_PROGRESS", reason)
    try:
        if verb == "CREATE":
            report = partial(_report, stack)
            stack_resources.remove_all(stack.resource_map, report, is_rollback=True)
        else:
            _apply(backend, stack, before, stack.parameters)
    except Exception as error:  # noqa: BLE001 - moto's are of every class
        _set(stack, f"{prefix}_FAILED", f"{reason}; then {stack_resources.reason(error)}")
    else:
        _set(stack, f"{prefix}_COMPLETE", reason)


def _delete(backend: CloudFormationBackend, name_or_stack_id: str) -> None:
    for stack in list(backend.stacks.values()):
        if name_or_stack_id in {stack.name, stack.stack_id}:
            if stack.enable_termination_protection:
                raise refusal(
                    f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
                )
            _in_background(partial(_remove, backend, stack))


def _remove(backend: CloudFormationBackend, stack: Stack) -> None:
    _set(stack, "DELETE_IN_PROGRESS", "User Initiated")
    try:
        exports.check_names(backend, stack, ())
        stack_resources.remove_all(stack.resource_map, partial(_report, stack))
    except Exception as error:  # noqa: BLE001 - moto's are of every class
        _LOG.warning("Stack %s", stack.name, exc_info=True)
        _set(stack, "DELETE_FAILED", stack_resources.reason(error))
        return
    exports.store(backend, stack, ())
    change_sets.forget(backend, stack)
    stack.output_map = Outputs()
    _set(stack, "DELETE_COMPLETE")
    backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)


def _set(stack: Stack, status: str, reason: str | None = None) -> None:
    stack.status, stack.stack_status_reason = status, reason
    stack._add_stack_event(status, resource_status_reason=reason)  # noqa: SLF001


def _report(stack: Stack, step: stack_resources.Step) -> None:
    stack.events.append(
        Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=step.logical_id,
            physical_resource_id=step.physical_id,
            resource_type=step.kind,
            resource_status=step.status,
            resource_status_reason=step.reason,
            resource_properties=None,
        )
    )


def _in_background(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(_PATIENCE_SECONDS)


def _protect(response: CloudFormationResponse) -> ActionResult:
    name = response._get_param("StackName")  # noqa: SLF001 - moto has no public seam here
    stack = response.cloudformation_backend.get_stack(name)
    wanted = response._get_param("EnableTerminationProtection")  # noqa: SLF001
    stack.enable_termination_protection = str(wanted).lower() == "true"
    return ActionResult({"StackId": stack.stack_id})
