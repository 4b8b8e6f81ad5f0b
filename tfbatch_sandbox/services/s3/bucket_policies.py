"""CloudFormation's bucket policies, which moto skips.

moto ignores the conditions of a Deny. The one in every bucket that requires TLS would deny
everything here. So moto's check is replaced by the guard's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.core.common_models import CloudFormationModel
from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, S3Backend, s3_backends

from tfbatch_sandbox.authorization import gate
from tfbatch_sandbox.authorization.policy_language.policies import policy_of
from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime


class BucketPolicy(CloudFormationModel):
    """The policy of one bucket, with the bucket's name."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    @property
    def physical_resource_id(self) -> str:
        """The bucket's name."""
        return self.bucket

    @staticmethod
    def cloudformation_name_type() -> str:
        """It has no name property."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Its type in templates."""
        return "AWS::S3::BucketPolicy"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,  # noqa: ARG003 - it has none
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,  # noqa: ARG003 - buckets are of all regions
        **_identity: object,
    ) -> BucketPolicy:
        """Put the policy on its bucket."""
        properties = cloudformation_json["Properties"]
        policy = json.dumps(properties["PolicyDocument"]).encode()
        _backend(account_id).put_bucket_policy(properties["Bucket"], policy)
        return cls(properties["Bucket"])

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: BucketPolicy,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> BucketPolicy:
        """Replace the policy."""
        if cloudformation_json["Properties"]["Bucket"] != original_resource.bucket:
            original_resource.delete(account_id, region_name)
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )

    def delete(self, account_id: str, _region: str) -> None:
        """Remove the bucket's policy."""
        _backend(account_id).delete_bucket_policy(self.bucket)


def install(runtime: Runtime) -> None:
    """Let the guard evaluate bucket policies. Defining the class registers it with moto."""
    replace(FakeBucket, "get_permission", lambda *_request: PermissionResult.NEUTRAL)
    replace(S3Backend, "put_bucket_policy", _checked(S3Backend.put_bucket_policy))
    gate.install_for_s3(runtime.guard, runtime.sessions)


def _checked(put: Callable[..., None]) -> Callable[..., None]:
    """Refuse what is no policy, which would be in the way of every later request."""

    def put_bucket_policy(backend: S3Backend, bucket_name: str, policy: bytes) -> None:
        try:
            policy_of("resource", policy.decode())
        except ValueError as error:
            raise S3ClientError("MalformedPolicy", f"Policies must be valid: {error}") from error
        put(backend, bucket_name, policy)

    return put_bucket_policy


def _backend(account_id: str) -> S3Backend:
    return s3_backends[account_id]["aws"]
