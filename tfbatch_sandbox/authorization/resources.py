"""Finds resource policies (of buckets, keys, topics and functions), trust policies and tags."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.authorization.policy_language.policies import policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfbatch_sandbox.authorization.call import Call
    from tfbatch_sandbox.authorization.policy_language.policies import Policy

# ruff: noqa: PLC0415 # moto's services take seconds to import, so each is imported when it is used


_COLONS: Final = 5
"""Of an ARN, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A resource's policy."""

    policy: Policy | None = None
    is_needed: bool = False
    """Whether nothing is allowed without it."""
    is_of_kind: bool = False
    """Whether resources of this kind have policies here. AWS's own image registry has none."""


def written_on(call: Call) -> Written:
    """The policy of the call's resource.

    Raises:
        PolicyError: the policy is none. moto keeps what AWS refuses.
    """
    find = _FINDERS.get("trust" if call.action == "sts:AssumeRole" else call.action.split(":")[0])
    if find is None or not _is_arn(call.resource):
        return Written(is_needed=find is _trust)  # a role that is none trusts nobody
    text: str | None = None
    with contextlib.suppress(KeyError):  # the resource doesn't exist
        text = find(call.resource)
    policy = policy_of("resource", text) if text else None
    return Written(policy=policy, is_needed=find in _NEEDED, is_of_kind=True)


def owner_of(call: Call) -> str:
    """The account of the call's resource; empty for an action without resources."""
    if not _is_arn(call.resource):
        return ""
    _, partition, service, _, account, name = call.resource.split(":", 5)
    if service != "s3":
        return account
    from moto.s3.models import s3_backends

    return str(s3_backends.bucket_accounts.get(name.partition("/")[0], (partition, ""))[1])


def tags_on(call: Call) -> dict[str, str]:
    """The condition keys of the tags of the call's resource: ``aws:resourcetag/team``.

    Only of SageMaker's resources, where moto stores them beside the resource.
    """
    if not _is_arn(call.resource) or call.resource.split(":")[2] != "sagemaker":
        return {}
    from moto.sagemaker.models import sagemaker_backends

    _, _, _, region, account, _ = call.resource.split(":", 5)
    found = None
    with contextlib.suppress(Exception):  # no such resource, or of a kind that has no tags
        found = sagemaker_backends[account][region]._get_resource_from_arn(call.resource)  # noqa: SLF001
    tags = getattr(found, "tags", None) or ()
    return {f"aws:resourcetag/{tag['Key'].lower()}": str(tag.get("Value", "")) for tag in tags}


def _is_arn(text: str) -> bool:
    return text.startswith("arn:") and text.count(":") >= _COLONS


def _bucket(arn: str) -> str | None:
    from moto.s3.models import s3_backends

    *_, name = arn.split(":", 5)
    bucket_name = name.partition("/")[0]
    partition, account = s3_backends.bucket_accounts[bucket_name]
    bucket = s3_backends[account][partition].buckets[bucket_name]
    policy: bytes | str | None = bucket.policy
    return policy.decode() if isinstance(policy, bytes) else policy


def _key(arn: str) -> str | None:
    from moto.kms.models import kms_backends

    _, _, _, region, account, name = arn.split(":", 5)
    policy = kms_backends[account][region].keys[name.removeprefix("key/")].policy
    return policy if isinstance(policy, str) else json.dumps(policy)


def _topic(arn: str) -> str | None:
    from moto.sns.models import sns_backends

    _, _, _, region, account, _ = arn.split(":", 5)
    policy: str = sns_backends[account][region].topics[arn].policy
    return policy


def _function(arn: str) -> str | None:
    from moto.awslambda.models import lambda_backends

    _, _, _, region, account, _ = arn.split(":", 5)
    backend = lambda_backends[account][region]
    found = next((one for one in backend.list_functions() if arn == one.function_arn), None)
    return json.dumps({"Statement": found.policy.statements}) if found else None


def _trust(arn: str) -> str | None:
    from moto.iam.models import iam_backends

    roles = iam_backends[arn.split(":")[4]]["aws"].roles.values()
    document = next(
        (role.assume_role_policy_document for role in list(roles) if role.arn == arn), ""
    )
    return document or None


_FINDERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "s3": _bucket,
    "kms": _key,
    "sns": _topic,
    "lambda": _function,
    "trust": _trust,
}
_NEEDED: Final = frozenset({_key, _trust})
