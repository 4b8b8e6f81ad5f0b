"""CloudFormation's IAM roles: managed policies and updates, which moto leaves out.

moto has AWS's managed policies only if it reads all of them at its start. Here each is read when it
is attached.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, Role, iam_backends

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime

_OF_AWS = ":iam::aws:policy/"


def install(_runtime: Runtime) -> None:
    """Complete the roles of templates, and let AWS's policies be attached."""
    attach = IAMBackend.attach_role_policy
    create = Role.create_from_cloudformation_json
    replace(IAMBackend, "attach_role_policy", _attaching(attach))
    replace(Role, "create_from_cloudformation_json", _creating(create))
    replace(Role, "update_from_cloudformation_json", _update)
    delete = Role.delete_from_cloudformation_json
    replace(Role, "delete_from_cloudformation_json", _deleting(delete))


def _attaching(original: Callable[..., None]) -> Callable[..., None]:
    def attach_role_policy(self: IAMBackend, policy_arn: str, role_name: str) -> None:
        is_of_aws = isinstance(policy_arn, str) and _OF_AWS in policy_arn
        if is_of_aws and policy_arn not in self.managed_policies:
            name = policy_arn.rpartition("/")[2]
            data = _policies_of_aws().get(name)
            if data is not None:
                made = AWSManagedPolicy.from_data(name, self.account_id, self.region_name, data)
                self.managed_policies[made.arn] = made
        original(self, policy_arn, role_name)

    return attach_role_policy


@cache
def _policies_of_aws() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(aws_managed_policies_data)
    return found


def _creating(original: Callable[..., Role]) -> Callable[..., Role]:
    def create(
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **rest: object,
    ) -> Role:
        role = original(resource_name, cloudformation_json, account_id, region_name, **rest)
        _bring(role, cloudformation_json["Properties"])
        return role

    return create


def _deleting(original: Callable[..., None]) -> Callable[..., None]:
    """CloudFormation detaches its policies, because IAM deletes no role that has some."""

    def delete(
        resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str
    ) -> None:
        for backend in iam_backends[account_id].values():
            for role in list(backend.roles.values()):
                if role.name == resource_name:
                    for arn in list(role.managed_policies):
                        backend.detach_role_policy(arn, role.name)
        original(resource_name, cloudformation_json, account_id, region_name)

    return delete


def _update(
    *,
    original_resource: Role,
    cloudformation_json: dict[str, Any],
    **_other: object,
) -> Role:
    properties = cloudformation_json["Properties"]
    original_resource.assume_role_policy_document = _text(properties["AssumeRolePolicyDocument"])
    original_resource.permissions_boundary_arn = properties.get("PermissionsBoundary", "")
    original_resource.description = properties.get("Description", "")
    original_resource.max_session_duration = properties.get("MaxSessionDuration", 3600)
    _bring(original_resource, properties)
    return original_resource


def _bring(role: Role, properties: dict[str, Any]) -> None:
    """Give the role its template's policies. Others stay."""
    for policy in properties.get("Policies", []):
        role.policies[policy["PolicyName"]] = _text(policy["PolicyDocument"])
    backend = iam_backends[role.account_id][role.partition]
    wanted = properties.get("ManagedPolicyArns", [])
    for arn in set(role.managed_policies) - set(wanted):
        backend.detach_role_policy(arn, role.name)
    for arn in wanted:
        backend.attach_role_policy(arn, role.name)


def _text(document: Any) -> str:  # noqa: ANN401 - text or an object
    return document if isinstance(document, str) else json.dumps(document)
