"""The KMS calls that services make with their caller's permissions.

Source: Amazon S3 user guide, "Using server-side encryption with AWS KMS keys", permissions; SNS
developer guide, "Managing Amazon SNS encryption keys"; SageMaker API, TransformResources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moto.s3.models import FakeKey

from tfbatch_sandbox.authorization.call import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.s3.models import FakeBucket, S3Backend

    from tfbatch_sandbox.authorization.call import Place

_HEADER: Final = "x-amz-server-side-encryption"
_KEY_HEADER: Final = "x-amz-server-side-encryption-aws-kms-key-id"
_KMS: Final = frozenset({"aws:kms", "aws:kms:dsse"})


def key_calls(  # noqa: PLR0913, PLR0917 - the parts of an HTTP request
    backend: S3Backend,
    method: str,
    bucket_name: str,
    key: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> Iterator[Call]:
    """Decrypt for reads and for parts of an upload, GenerateDataKey for writes."""
    bucket = backend.buckets.get(bucket_name)
    if bucket is None:
        return
    if method in {"GET", "HEAD"} and not query.keys() & {"tagging", "acl"}:
        arn = _of_object(bucket, key, query.get("versionId"))
        actions: tuple[str, ...] = ("Decrypt",)
    elif method in {"PUT", "POST"} and not query.keys() & {"tagging", "acl", "restore"}:
        arn = _of_write(bucket, headers)
        actions = ("GenerateDataKey", *(("Decrypt",) if "uploadId" in query else ()))
    else:
        return
    if arn is not None:
        region = arn.split(":")[3]
        context = {
            "kms:viaservice": f"s3.{region}.amazonaws.com",
            "kms:encryptioncontext:aws:s3:arn": _encryption_context(bucket, key),
        }
        for action in actions:
            yield Call(action=f"kms:{action}", resource=arn, context=context)


def service_key_calls(action: str, given: Mapping[str, Any], place: Place) -> Iterator[Call]:
    """The calls of SNS for an encrypted topic, and SageMaker's grant for a job's volumes."""
    if action == "sns:Publish" and (key := _of_topic(str(given.get("TopicArn", "")))):
        context = {"kms:viaservice": f"sns.{place.region}.amazonaws.com"}
        for name in ("GenerateDataKey", "Decrypt"):
            yield Call(action=f"kms:{name}", resource=key, context=context)
    key = str((given.get("TransformResources") or {}).get("VolumeKmsKeyId") or "")
    if action == "sagemaker:CreateTransformJob" and key.startswith("arn:"):
        granted = {
            "kms:viaservice": f"sagemaker.{place.region}.amazonaws.com",
            "kms:grantisforawsresource": "true",
        }
        yield Call(action="kms:CreateGrant", resource=key, context=granted)


def _of_topic(arn: str) -> str | None:
    """The ARN of a topic's key, if it has one of its own."""
    from moto.sns.models import sns_backends  # noqa: PLC0415 - its caller has imported it

    parts = arn.split(":")
    topic = sns_backends[parts[4]][parts[3]].topics.get(arn) if len(parts) > 5 else None  # noqa: PLR2004
    key = str(getattr(topic, "kms_master_key_id", None) or "")
    return key if key.startswith("arn:") else None


def _of_object(bucket: FakeBucket, key: str, version: str | None) -> str | None:
    """The key of an object, or of one version of it; a delete marker has none."""
    versions = bucket.keys.getlist(key, [])
    found = next((each for each in versions if str(each.version_id) == version), None)
    if version is None:
        found = bucket.keys.get(key)
    if not isinstance(found, FakeKey) or found.encryption not in _KMS:
        return None
    return _arn(found.kms_key_id, bucket)


def _of_write(bucket: FakeBucket, headers: Mapping[str, str]) -> str | None:
    if _HEADER in headers:
        return _arn(headers.get(_KEY_HEADER), bucket) if headers[_HEADER] in _KMS else None
    rule = _rule(bucket)
    kind = rule.get("ApplyServerSideEncryptionByDefault", {})
    return _arn(kind.get("KMSMasterKeyID"), bucket) if kind.get("SSEAlgorithm") in _KMS else None


def _encryption_context(bucket: FakeBucket, key: str) -> str:
    enabled = str(_rule(bucket).get("BucketKeyEnabled", "")).lower() == "true"
    return f"arn:aws:s3:::{bucket.name}" if enabled else f"arn:aws:s3:::{bucket.name}/{key}"


def _rule(bucket: FakeBucket) -> Mapping[str, Mapping[str, str]]:
    rule: Any = (bucket.encryption or {}).get("Rule", {})
    found: Mapping[str, Mapping[str, str]] = rule[0] if isinstance(rule, list) else rule
    return found


def _arn(key_id: str | None, bucket: FakeBucket) -> str | None:
    """The key's ARN; ``None`` for S3's default key and for a key that doesn't exist.

    An ARN may be of another account's key.
    """
    if not key_id or key_id.endswith("alias/aws/s3"):
        return None
    from moto.kms.models import kms_backends  # noqa: PLC0415 - a second, where there are keys

    account, region = bucket.account_id, bucket.region_name
    if key_id.startswith("arn:") and key_id.count(":") > 4:  # noqa: PLR2004 # of an ARN
        region, account = key_id.split(":")[3:5]
    backend = kms_backends[account][region]
    name = backend.get_alias_name(key_id)
    known = backend.get_key_id_from_alias(name) if name.startswith("alias/") else name
    found = backend.keys.get(backend.get_key_id(known or ""))
    return str(found.arn) if found else None
