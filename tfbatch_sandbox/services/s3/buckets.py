"""Bucket properties of CloudFormation that moto leaves out.

Versioning, lifecycle rules, public access block, ownership and events to EventBridge.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from moto.s3.models import FakeBucket

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from tfbatch_sandbox.services.json_type import Json
    from tfbatch_sandbox.services.runtime import Runtime


def install(runtime: Runtime) -> None:
    """Set the remaining properties of each bucket that moto creates or updates."""
    for name in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        replace(FakeBucket, name, partial(_with_rest, runtime, getattr(FakeBucket, name)))


def _with_rest(
    runtime: Runtime, original: Callable[..., FakeBucket], *arguments: Json, **named: Json
) -> FakeBucket:
    bucket: FakeBucket = original(*arguments, **named)
    resource = named.get("cloudformation_json") or arguments[1]
    s3 = runtime.clients.get("s3", "us-east-1")
    for name, value in resource["Properties"].items():
        if name in _PUT:
            _PUT[name](s3, bucket.name, value)
    return bucket


def _versioning(s3: S3Client, bucket: str, value: Json) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": value["Status"]})


def _public_access(s3: S3Client, bucket: str, value: Json) -> None:
    block: Json = {name: str(flag).lower() == "true" for name, flag in value.items()}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)


def _ownership(s3: S3Client, bucket: str, value: Json) -> None:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=value)


def _notification(s3: S3Client, bucket: str, value: Json) -> None:
    if str(value.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled")).lower() == "true":
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )


def _lifecycle(s3: S3Client, bucket: str, value: Json) -> None:
    rules = [_rule(rule) for rule in value["Rules"]]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def _rule(rule: Json) -> Json:
    """Convert a lifecycle rule of CloudFormation to one of the API."""
    kept = ("Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
    result: Json = {name: rule[name] for name in kept if name in rule}
    result["Filter"] = {"Prefix": rule.get("Prefix", "")}
    if "Id" in rule:
        result["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        result["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    return result


_PUT: dict[str, Callable[[S3Client, str, Json], None]] = {
    "VersioningConfiguration": _versioning,
    "PublicAccessBlockConfiguration": _public_access,
    "OwnershipControls": _ownership,
    "NotificationConfiguration": _notification,
    "LifecycleConfiguration": _lifecycle,
}
