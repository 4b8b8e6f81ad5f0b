"""Hands a template to CloudFormation: in the request, or by the bucket of the CDK's bootstrap."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides import folder as files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.sides.deployed.access import Access
    from tfbatch.review.sides.stacks import Stack

IN_REQUEST: Final = 51_200
"""The most bytes of a template in a request.

Source: CloudFormation user guide, "Understand CloudFormation quotas"."""
_FOLDER: Final = "tfbatch-review"


@contextmanager
def handed_over(template: Mapping[str, Any], base: Stack, access: Access) -> Iterator[Any]:
    """The arguments that name a template to CloudFormation. The object in the bucket is deleted.

    Args:
        template: the new template.
        base: the stack in the base, whose manifest names the bucket and the role for it.
        access: the stack's account.

    Raises:
        ReviewError: the template is too large for a request, and the app names no bucket.
        ClientError: the bucket can't be written.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 # only if requested

    text = json.dumps(template, separators=(",", ":"))
    if len(text.encode()) <= IN_REQUEST:
        yield {"TemplateBody": text}
        return
    place = _destination(base)
    s3 = access.acting(place).client("s3")
    bucket, key = access.resolved(place["bucketName"]), f"{_FOLDER}/{uuid.uuid4().hex}.json"
    owned: Any = {"Bucket": bucket, "Key": key, "ExpectedBucketOwner": access.account}
    try:
        s3.put_object(Body=text.encode(), **owned)
        yield {"TemplateURL": f"{s3.meta.endpoint_url}/{bucket}/{key}"}
    finally:
        with suppress(ClientError):  # such as a bucket that couldn't be written either
            s3.delete_object(**owned)


def _destination(base: Stack) -> Mapping[str, Any]:
    """Where the CDK publishes the template of a stack."""
    listed = files.read_json_if_any(base.folder, f"{base.file}.assets.json") or {}
    for file in listed.get("files", {}).values():
        if file["source"].get("path") == f"{base.file}.template.json":
            place: Mapping[str, Any] = next(iter(file["destinations"].values()))
            return place
    raise ReviewError(
        f"the template has more than {IN_REQUEST:,} bytes, and the app names no bucket for it: use "
        "a synthesizer with a bootstrap, such as the default one"
    )
