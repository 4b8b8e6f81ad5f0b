"""Change sets: their changes, and whether they have any; found by stack and name.

moto lists no details of a change, and finds a change set by its name alone, which the CDK gives to
the change sets of all stacks.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from moto.cloudformation.models import ChangeSet, CloudFormationBackend
from moto.cloudformation.parsing import ResourceMap
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from tfbatch_sandbox.services.cloudformation import exports, stack_resources
from tfbatch_sandbox.services.cloudformation.resource_changes import Comparison
from tfbatch_sandbox.services.cloudformation.template_preview import Preview
from tfbatch_sandbox.services.errors import ApiError
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.cloudformation.models import Stack

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime

NO_CHANGES = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)
_VALUES = ("BeforeValue", "AfterValue", "Path", "AttributeChangeType")
_CONTEXTS = ("BeforeContext", "AfterContext")


def install(_runtime: Runtime) -> None:
    """Compute the changes of change sets, and find them by their stack."""
    replace(ChangeSet, "diff", lambda _change_set: [])  # moto calls it before there is a status
    original = replace(CloudFormationBackend, "create_change_set", None)
    replace(CloudFormationBackend, "create_change_set", _creating(original))
    original = replace(CloudFormationResponse, "create_change_set", None)
    replace(CloudFormationResponse, "create_change_set", _unvalidated(original))
    replace(CloudFormationResponse, "describe_change_set", _describe)
    replace(CloudFormationResponse, "list_change_sets", _list)
    replace(CloudFormationResponse, "delete_change_set", _delete)
    transformers = dict(CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER)
    del transformers["DescribeChangeSetOutput.Changes"]
    replace(CloudFormationResponse, "RESPONSE_KEY_PATH_TO_TRANSFORMER", transformers)


def find(backend: CloudFormationBackend, name: str, stack_name: str | None) -> ChangeSet:
    """Find the change set of a name or ARN; the newest of a name.

    Raises:
        ApiError: ``ChangeSetNotFound``.
    """
    for identity, change_set in reversed(list(backend.change_sets.items())):
        of_stack = stack_name in {None, change_set.stack_name, change_set.stack_id}
        if name == identity or (name == change_set.change_set_name and of_stack):
            return change_set
    raise ApiError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")


def forget(backend: CloudFormationBackend, stack: Stack) -> None:
    """Delete the change sets of a stack, so that a new stack of its name has none."""
    for identity, change_set in list(backend.change_sets.items()):
        if change_set.stack_id == stack.stack_id:
            del backend.change_sets[identity]


def _creating(original: Callable[..., tuple[str, str]]) -> Callable[..., tuple[str, str]]:
    def create(
        backend: CloudFormationBackend, *, stack_name: str, change_set_type: str, **options: Json
    ) -> tuple[str, str]:
        if change_set_type == "CREATE":
            _discard_reviewed(backend, stack_name)
        change_set_id, stack_id = original(
            backend, stack_name=stack_name, change_set_type=change_set_type, **options
        )
        change_set = backend.change_sets[change_set_id]
        reason = _evaluate(backend, change_set)
        change_set.status = "FAILED" if reason else "CREATE_COMPLETE"
        change_set.execution_status = "UNAVAILABLE" if reason else "AVAILABLE"
        change_set.status_reason = reason
        return change_set_id, stack_id

    return create


def _discard_reviewed(backend: CloudFormationBackend, name: str) -> None:
    """Delete the stack of a change set that was never executed; moto makes a second of its name."""
    for stack in list(backend.stacks.values()):
        if stack.name == name and stack.status == "REVIEW_IN_PROGRESS":
            forget(backend, stack)
            del backend.stacks[stack.stack_id]


def _unvalidated(original: Callable[..., ActionResult]) -> Callable[..., ActionResult]:
    """CreateChangeSet without moto's refusal of an unchanged stack, which only UpdateStack has."""

    def create(response: CloudFormationResponse) -> ActionResult:
        response._validate_different_update = lambda *_: None  # noqa: SLF001
        return original(response)

    return create


def _evaluate(backend: CloudFormationBackend, change_set: ChangeSet) -> str | None:
    """Compute the changes of a change set.

    Returns:
        Why it fails, or ``None``.
    """
    try:
        comparison, missing = _compare(backend, change_set)
        changes = comparison.changes()
    except Exception as error:  # noqa: BLE001 - moto's are of every class
        return stack_resources.reason(error)
    if missing:
        return f"No export named {missing[0]} found"
    change_set.changes = [{"Type": "Resource", "ResourceChange": each} for each in changes]
    if changes or change_set.change_set_type == "CREATE" or not comparison.is_same():
        return None
    return NO_CHANGES


def _compare(backend: CloudFormationBackend, change_set: ChangeSet) -> tuple[Comparison, list[str]]:
    """The stack and the template of a change set, and the exports that it imports in vain."""
    stack: Stack = change_set.stack
    old = stack.resource_map
    made = stack_resources.existing(old)
    new = ResourceMap(
        stack.stack_id,
        stack.name,
        change_set.parameters,
        {},
        region_name=stack.region_name,
        account_id=stack.account_id,
        template=change_set.template_dict,
        cross_stack_resources=backend.exports,
    )
    new.load()
    comparison = Comparison(
        old=Preview(old, made),
        new=Preview(new, made),
        meanings=stack_resources.meanings(old),
        new_tags=bool(change_set.tags) and change_set.tags != stack.tags,
    )
    imports = exports.imports(change_set.template_dict, new)
    return comparison, sorted(imports - set(backend.exports))


def _describe(response: CloudFormationResponse) -> ActionResult:
    change_set = copy.copy(_asked_for(response))
    if not response._get_bool_param("IncludePropertyValues"):  # noqa: SLF001 - no public seam
        change_set.changes = [_without_values(each) for each in change_set.changes]
    return ActionResult(change_set)


def _without_values(change: Json) -> Json:
    plain = copy.deepcopy(change)
    for name in _CONTEXTS:
        plain["ResourceChange"].pop(name, None)
    for detail in plain["ResourceChange"]["Details"]:
        for name in _VALUES:
            detail["Target"].pop(name, None)
    return plain


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
