"""The caller of an API call: a role's session, a user, a service or the root user."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tfbatch_sandbox.authorization.policy_language.policies import policy_of
from tfbatch_sandbox.authorization.policy_language.principals import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.iam.models import IAMBackend, Role, User
    from moto.sts.models import AssumedRole

    from tfbatch_sandbox.authorization.network import Attachment
    from tfbatch_sandbox.authorization.policy_language.policies import Policy

_ALL: Final = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
_EVERYTHING: Final = policy_of("AdministratorAccess", _ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A principal with its IAM policies."""

    principal: Principal
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Condition keys of the principal, in lower case."""
    holder: Any = None
    """moto's role or user. Its policies may change during the session."""
    backend: Any = None
    """moto's IAM backend of the account."""
    session_policy: Policy | None = None
    attachment: Attachment | None = None
    """Where it is in a VPC."""
    is_owner: bool = False
    """Whether everything is allowed that resource policies don't deny."""

    def identity(self) -> tuple[Policy, ...]:
        """The principal's own policies, as they are now."""
        return (_EVERYTHING,) if self.is_owner else tuple(_policies(self.holder, self.backend))

    def boundary(self) -> Policy | None:
        """Its permissions boundary, if it has one."""
        arn = getattr(self.holder, "permissions_boundary_arn", None)
        return _managed(self.backend.managed_policies[arn]) if arn else None


def owner(account: str) -> Actor:
    """The root user: any access key that the sandbox did not create."""
    arn = f"arn:aws:sts::{account}:user/moto"  # as GetCallerIdentity returns it
    context = {"aws:principalarn": arn, "aws:principalaccount": account}
    return Actor(
        principal=Principal(arn=arn, account=account),
        context=context | {"aws:principaltype": "Account"},
        is_owner=True,
    )


def service(name: str, *, account: str, source_arn: str) -> Actor:
    """An AWS service that acts for a resource of the account.

    Args:
        name: ``events.amazonaws.com``.
        account: account of the resource.
        source_arn: ARN of the resource.
    """
    context = {
        "aws:principalservicename": name,
        "aws:principalisawsservice": "true",
        "aws:sourceaccount": account,
        "aws:sourcearn": source_arn,
    }
    return Actor(principal=Principal(arn=name, account=account), context=context)


def session(assumed: AssumedRole, role: Role, backend: IAMBackend) -> Actor:
    """A session of a role."""
    context = {
        "aws:principalarn": role.arn,
        "aws:principalaccount": assumed.account_id,
        "aws:principaltype": "AssumedRole",
        "aws:userid": f"{role.id}:{assumed.session_name}",
        **_tags(role.tags),
    }
    principal = Principal(arn=assumed.arn, account=assumed.account_id, role_arn=role.arn)
    return Actor(
        principal=principal,
        context=context,
        holder=role,
        backend=backend,
        session_policy=policy_of("session", assumed.policy) if assumed.policy else None,
    )


def user(holder: User, account: str, backend: IAMBackend) -> Actor:
    """A user of IAM."""
    context = {
        "aws:principalarn": holder.arn,
        "aws:principalaccount": account,
        "aws:principaltype": "User",
        "aws:userid": holder.id,
        "aws:username": holder.name,
    }
    principal = Principal(arn=holder.arn, account=account)
    return Actor(principal=principal, context=context, holder=holder, backend=backend)


def _policies(holder: Any, backend: Any) -> Iterator[Policy]:  # noqa: ANN401 - moto's classes
    if holder is None:  # a service
        return
    groups = backend.get_groups_for_user(holder.name) if hasattr(holder, "access_keys") else ()
    for each in (holder, *groups):
        for name, document in list(each.policies.items()):
            yield policy_of(name, document if isinstance(document, str) else json.dumps(document))
        for policy in list(each.managed_policies.values()):
            yield _managed(policy)


def _managed(policy: Any) -> Policy:  # noqa: ANN401 - moto's class
    version = next(one for one in policy.versions if one.version_id == policy.default_version_id)
    return policy_of(policy.name, version.document)


def _tags(tags: Any) -> Mapping[str, str]:  # noqa: ANN401 - moto keeps them in several ways
    pairs = ((tag["Key"], tag["Value"]) for tag in tags) if isinstance(tags, list) else tags.items()
    shown = ((key, each.get("Value") if isinstance(each, dict) else each) for key, each in pairs)
    return {f"aws:principaltag/{key.lower()}": str(value) for key, value in shown}
