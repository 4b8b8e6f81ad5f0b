"""Change sets belong to a stack: moto looks for the name alone, and the CDK gives all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from moto.cloudformation.models import ChangeSet, CloudFormationBackend

    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Describe, list and delete a stack's own."""
    replace(CloudFormationResponse, "describe_change_set", _describe)
    replace(CloudFormationResponse, "list_change_sets", _list)
    replace(CloudFormationResponse, "delete_change_set", _delete)


def find(backend: CloudFormationBackend, name: str, stack_name: str | None) -> ChangeSet:
    """The change set of that name or ARN; the newest of a name.

    Raises:
        ApiError: ``ChangeSetNotFound``.
    """
    for identity, change_set in reversed(list(backend.change_sets.items())):
        of_stack = stack_name in {None, change_set.stack_name, change_set.stack_id}
        if name == identity or (name == change_set.change_set_name and of_stack):
            return change_set
    raise ApiError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")


def _describe(response: CloudFormationResponse) -> ActionResult:
    return ActionResult(_asked_for(response))


def _list(response: CloudFormationResponse) -> ActionResult:
    stack = response._get_param("StackName")  # noqa: SLF001 - moto has no public seam here
    every = response.cloudformation_backend.change_sets.values()
    own = [each for each in every if stack in {each.stack_name, each.stack_id}]
    return ActionResult({"Summaries": own})


def _delete(response: CloudFormationResponse) -> ActionResult:
    try:
        change_set = _asked_for(response)
    except ApiError:  # AWS says nothing either
        return EmptyResult()
    del response.cloudformation_backend.change_sets[change_set.change_set_id]
    return EmptyResult()


def _asked_for(response: CloudFormationResponse) -> ChangeSet:
    return find(
        response.cloudformation_backend,
        response._get_param("ChangeSetName"),  # noqa: SLF001
        response._get_param("StackName"),  # noqa: SLF001
    )
