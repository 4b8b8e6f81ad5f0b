"""UpdateTerminationProtection, which moto lacks; ``stacks.py`` keeps a protected stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Give the action to moto, which finds it by its name."""
    CloudFormationResponse.update_termination_protection = _update


def _update(response: CloudFormationResponse) -> ActionResult:
    name = response._get_param("StackName")  # noqa: SLF001 - moto has no public seam here
    stack = response.cloudformation_backend.get_stack(name)
    wanted = response._get_param("EnableTerminationProtection")  # noqa: SLF001
    stack.enable_termination_protection = str(wanted).lower() == "true"
    return ActionResult({"StackId": stack.stack_id})
