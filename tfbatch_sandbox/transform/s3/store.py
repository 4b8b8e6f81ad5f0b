"""S3 operations of the engine: listing, streamed reads, writes of unknown length."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import boto3
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import NoCredentialsError
from botocore.utils import percent_encode
from s3transfer.subscribers import BaseSubscriber

from tfbatch_sandbox.transform.s3.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef
    from s3transfer.futures import TransferFuture

_CONNECTIONS: Final = 64
CHUNK_BYTES: Final = 256 * 1024
PART_BYTES: Final = 8 * 1024 * 1024
"""Size of a part. S3 requires at least 5 MiB and at most 10,000 parts."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of a listing."""

    location: Location
    size: int
    """Bytes."""
    etag: str


class Store:
    """A thread-safe S3 client. Every method blocks.

    Raises:
        NoCredentialsError: the environment has no keys.
    """

    def __init__(self) -> None:
        # boto3's own session: a fork server has read the SDK's descriptions with it.
        self._s3: S3Client = boto3.client(
            "s3",
            config=Config(
                max_pool_connections=_CONNECTIONS,
                retries={"mode": "standard", "max_attempts": 5},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        session = boto3.DEFAULT_SESSION
        credentials = None if session is None else session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        self._credentials = credentials.get_frozen_credentials()

    def list(self, prefix: Location) -> Iterator[StoredObject]:
        """All objects whose key starts with the prefix, in the order of keys."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=prefix.bucket, Prefix=prefix.key
        )
        for page in pages:
            for entry in page.get("Contents", []):
                location = Location(prefix.bucket, entry["Key"])
                yield StoredObject(location, entry["Size"], entry["ETag"])

    def head(self, location: Location) -> StoredObject:
        """The size and the ETag of an object."""
        reply = self._s3.head_object(Bucket=location.bucket, Key=location.key)
        return StoredObject(location, reply["ContentLength"], reply["ETag"])

    def read(self, location: Location) -> Iterator[bytes]:
        """An object's bytes in chunks."""
        body = self._s3.get_object(Bucket=location.bucket, Key=location.key)["Body"]
        with contextlib.closing(body):
            yield from body.iter_chunks(CHUNK_BYTES)

    def signed(
        self, method: str, location: Location, body: bytes = b""
    ) -> tuple[str, Mapping[str, str]]:
        """The URL and headers of a call for a whole object, for any HTTP client.

        Args:
            method: ``GET`` or ``PUT``.
            location: location of the object.
            body: the object's bytes for a PUT.
        """
        path = f"{location.bucket}/{percent_encode(location.key, safe='/~')}"
        address = f"{self._s3.meta.endpoint_url}/{path}"
        call = AWSRequest(method=method, url=address, data=body)
        S3SigV4Auth(self._credentials, "s3", self._s3.meta.region_name).add_auth(call)
        return address, dict(call.headers.items())

    def download(self, found: StoredObject, path: Path) -> None:
        """A whole object into a file, if it is still the one that was found."""
        location = found.location
        with create_transfer_manager(self._s3, TransferConfig()) as manager:
            manager.download(
                location.bucket, location.key, str(path), subscribers=[_Known(found)]
            ).result()

    def put(self, location: Location, body: bytes, kms_key_id: str | None) -> None:
        """Write an object, encrypted with the caller's key if there is one."""
        if kms_key_id is None:
            self._s3.put_object(Bucket=location.bucket, Key=location.key, Body=body)
            return
        self._s3.put_object(
            Bucket=location.bucket,
            Key=location.key,
            Body=body,
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=kms_key_id,
        )

    def start_upload(self, location: Location, kms_key_id: str | None) -> MultipartUpload:
        """Start an object of unknown length, part by part."""
        if kms_key_id is None:
            reply = self._s3.create_multipart_upload(Bucket=location.bucket, Key=location.key)
        else:
            reply = self._s3.create_multipart_upload(
                Bucket=location.bucket,
                Key=location.key,
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=kms_key_id,
            )
        return MultipartUpload(self._s3, location, reply["UploadId"])


class _Known(BaseSubscriber):
    """Tells a transfer what it would ask for."""

    def __init__(self, found: StoredObject) -> None:
        self._found = found

    def on_queued(self, future: TransferFuture, **_: object) -> None:
        """See ``BaseSubscriber``."""
        future.meta.provide_transfer_size(self._found.size)
        future.meta.provide_object_etag(self._found.etag)


@dataclass(slots=True)
class MultipartUpload:
    """Parts in order. The object is invisible until it is completed."""

    s3: S3Client
    location: Location
    upload_id: str
    parts: list[CompletedPartTypeDef] = field(default_factory=list)

    def add(self, body: bytes) -> None:
        """The next part."""
        number = len(self.parts) + 1
        reply = self.s3.upload_part(
            Bucket=self.location.bucket,
            Key=self.location.key,
            UploadId=self.upload_id,
            PartNumber=number,
            Body=body,
        )
        self.parts.append({"ETag": reply["ETag"], "PartNumber": number})

    def complete(self) -> None:
        """Make the object visible."""
        self.s3.complete_multipart_upload(
            Bucket=self.location.bucket,
            Key=self.location.key,
            UploadId=self.upload_id,
            MultipartUpload={"Parts": self.parts},
        )

    def abort(self) -> None:
        """Drop the parts."""
        self.s3.abort_multipart_upload(
            Bucket=self.location.bucket, Key=self.location.key, UploadId=self.upload_id
        )
