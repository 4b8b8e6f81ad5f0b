"""Converts S3 requests to IAM actions and resources.

Source: Amazon S3 user guide, "Required permissions for Amazon S3 API operations".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote
from xml.parsers.expat import ExpatError

import xmltodict  # type: ignore[import-untyped]

from tfbatch_sandbox.authorization.call import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BUCKET: Final = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "logging": "BucketLogging",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
    "location": "BucketLocation",
}
"""Subresources: what a GET reads and a PUT writes."""
_LISTS: Final = {"uploads": "ListBucketMultipartUploads", "versions": "ListBucketVersions"}
_OBJECT: Final = {
    "GET": {
        "acl": "GetObjectAcl",
        "attributes": "GetObjectAttributes",
        "legal-hold": "GetObjectLegalHold",
        "retention": "GetObjectRetention",
        "tagging": "GetObjectTagging",
        "uploadId": "ListMultipartUploadParts",
        "versionId": "GetObjectVersion",
        "": "GetObject",
    },
    "PUT": {
        "acl": "PutObjectAcl",
        "legal-hold": "PutObjectLegalHold",
        "retention": "PutObjectRetention",
        "tagging": "PutObjectTagging",
        "": "PutObject",
    },
    "POST": {"restore": "RestoreObject", "select": "GetObject", "": "PutObject"},
    "DELETE": {
        "tagging": "DeleteObjectTagging",
        "uploadId": "AbortMultipartUpload",
        "versionId": "DeleteObjectVersion",
        "": "DeleteObject",
    },
}
_PARAMETERS: Final = ("prefix", "delimiter", "max-keys")
_HEADERS: Final = "x-amz-"


class MalformedDeletionError(ValueError):
    """The body of a DeleteObjects request that S3 refuses with ``MalformedXML``."""


def s3_calls(  # noqa: PLR0913 - the parts of an HTTP request, each by its name
    *,
    method: str,
    bucket: str | None,
    key: str | None,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    partition: str = "aws",
) -> Iterator[Call]:
    """The IAM calls of a request.

    Args:
        method: HTTP method.
        bucket: its name; ``None`` for the list of all buckets.
        key: key of the object, if it is about one.
        query: query parameters; a subresource has an empty value.
        headers: headers by lower-case name.
        partition: partition of the ARNs.
    """
    context = _context(query, headers)
    root = f"arn:{partition}:s3:::"
    if bucket is None:
        yield Call(action="s3:ListAllMyBuckets", resource="*", context=context)
    elif key is None:
        action = bucket_action(method, query)
        yield Call(action=f"s3:{action}", resource=f"{root}{bucket}", context=context)
    else:
        resource = f"{root}{bucket}/{key}"
        actions = _OBJECT["GET" if method == "HEAD" else method]
        named = next((name for name in actions if name and name in query), "")
        yield Call(action=f"s3:{actions[named]}", resource=resource, context=context)
        if method == "PUT" and not named:
            yield from _beside(root, resource, headers, context)


def deletions(bucket: str, body: bytes, partition: str = "aws") -> Iterator[Call]:
    """The IAM calls of a DeleteObjects request, which names its objects in its body.

    Raises:
        MalformedDeletionError: it names none, or one has no key.
    """
    try:
        listed = xmltodict.parse(body, force_list=("Object",), strip_whitespace=False)
        named = [(each["Key"], each.get("VersionId")) for each in listed["Delete"]["Object"]]
    except (ExpatError, LookupError, TypeError, AttributeError) as error:
        raise MalformedDeletionError from error
    if not all(isinstance(key, str) for key, _ in named):
        raise MalformedDeletionError
    for key, version in named:
        action = "DeleteObjectVersion" if version else "DeleteObject"
        yield Call(action=f"s3:{action}", resource=f"arn:{partition}:s3:::{bucket}/{key}")


def bucket_action(method: str, query: Mapping[str, str]) -> str:
    """The action on a bucket, without ``s3:``."""
    listed = next((action for name, action in _LISTS.items() if name in query), "ListBucket")
    subresource = next((noun for name, noun in _BUCKET.items() if name in query), None)
    if method == "HEAD" or (method == "GET" and subresource is None):
        return listed
    if subresource is not None:
        is_policy = method == "DELETE" and subresource == "BucketPolicy"
        verb = "Get" if method == "GET" else "Delete" if is_policy else "Put"
        return f"{verb}{subresource}"
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method, "PutObject")


def _beside(
    root: str,
    resource: str,
    headers: Mapping[str, str],
    context: Mapping[str, str | tuple[str, ...]],
) -> Iterator[Call]:
    """Further permissions of a PUT: for its source, its access control list and its tags."""
    if "x-amz-copy-source" in headers:
        source = unquote(headers["x-amz-copy-source"]).lstrip("/").partition("?")[0]
        yield Call(action="s3:GetObject", resource=root + source, context=context)
    if "x-amz-acl" in headers:
        yield Call(action="s3:PutObjectAcl", resource=resource, context=context)
    if "x-amz-tagging" in headers:
        yield Call(action="s3:PutObjectTagging", resource=resource, context=context)


def _context(
    query: Mapping[str, str], headers: Mapping[str, str]
) -> Mapping[str, str | tuple[str, ...]]:
    own = {f"s3:{name}": query[name] for name in _PARAMETERS if name in query}
    sent = {f"s3:{name}": value for name, value in headers.items() if name.startswith(_HEADERS)}
    conditional = {f"s3:{name}": headers[name] for name in ("if-none-match",) if name in headers}
    version = {"s3:versionid": query["versionId"]} if "versionId" in query else {}
    return own | sent | conditional | version | {"s3:tlsversion": "1.3"}
