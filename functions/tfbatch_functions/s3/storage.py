"""S3 operations of the functions, as an interface that a benchmark can replace."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

import boto3
import botocore.session
from botocore.exceptions import (
    ClientError,
    FlexibleChecksumError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.utils import parse_timestamp

from tfbatch_functions.runtime.client_config import config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3 import S3Client

    from tfbatch_functions.s3.location import Location

THREADS: Final = 32
"""Requests in flight."""
PAGE: Final = 1000
"""Objects listed or read between two looks at the deadline; the maximum of S3."""
_CHUNK_BYTES: Final = 256 * 1024
_READS: Final = 4
"""How often an object's body may end early."""
_TORN: Final = (
    FlexibleChecksumError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
_NOT_FOUND: Final = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True, slots=True)
class Found:
    """An object from a listing or a HEAD."""

    key: str
    size: int
    """Bytes."""
    modified: datetime | None = None


class Lister(Protocol):
    """The S3 operations that planning needs."""

    def page(self, prefix: Location, *, after: str) -> tuple[list[Found], bool]:
        """The next objects by key, at most 1,000, and whether there are more."""
        ...

    def head(self, location: Location) -> tuple[Found, Mapping[str, str]] | None:
        """An object with its metadata; ``None`` if it doesn't exist."""
        ...

    def read(
        self, location: Location, *, first: int = 0, last: int | None = None
    ) -> Iterator[bytes]:
        """Yield an object's bytes in chunks, from byte ``first`` through ``last``."""
        ...

    def put(self, location: Location, body: bytes) -> None:
        """Write an object."""
        ...


class Storage:
    """S3 through boto3. It is thread-safe, and every method blocks."""

    def __init__(self, client: S3Client) -> None:
        self.client = client

    def page(self, prefix: Location, *, after: str = "") -> tuple[list[Found], bool]:
        """See :class:`Lister`. boto3 asks for encoded keys, and decodes them."""
        arguments: dict[str, Any] = {"StartAfter": after} if after else {}
        reply = self.client.list_objects_v2(
            Bucket=prefix.bucket, Prefix=prefix.key, MaxKeys=PAGE, **arguments
        )
        found = [
            Found(entry["Key"], entry["Size"], entry["LastModified"])
            for entry in reply.get("Contents", ())
        ]
        return found, reply["IsTruncated"]

    def list(self, prefix: Location) -> Iterator[Found]:
        """Yield every object whose key starts with the prefix, in the order of keys."""
        after, is_more = "", True
        while is_more:
            found, is_more = self.page(prefix, after=after)
            yield from found
            after = found[-1].key if found else ""

    def head(self, location: Location) -> tuple[Found, Mapping[str, str]] | None:
        """See :class:`Lister`."""
        try:
            reply = self.client.head_object(Bucket=location.bucket, Key=location.key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND:
                return None
            raise
        found = Found(location.key, reply["ContentLength"], reply["LastModified"])
        return found, reply["Metadata"]

    def version(self, location: Location) -> str | None:
        """The id of an object's version; ``None`` if it doesn't exist."""
        try:
            reply = self.client.head_object(Bucket=location.bucket, Key=location.key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND:
                return None
            raise
        return f"{reply.get('VersionId', 'null')}-{reply['ETag'].strip(chr(34))}"

    def read(
        self, location: Location, *, first: int = 0, last: int | None = None
    ) -> Iterator[bytes]:
        """See :class:`Lister`.

        A body that ends early is continued, from the same version of the object. One whose checksum
        is wrong is read again, if nothing of it was handed on.
        """
        start, version = first, dict[str, Any]()
        for left in reversed(range(_READS)):
            try:
                for chunk in _one_behind(self._chunks(location, first, last, version)):
                    first += len(chunk)
                    yield chunk
            except _TORN as error:
                if not left or (isinstance(error, FlexibleChecksumError) and first > start):
                    raise
            else:
                return

    def _chunks(
        self, location: Location, first: int, last: int | None, version: dict[str, Any]
    ) -> Iterator[bytes]:
        """An object's bytes; fills ``version`` with the condition that a later call continues."""
        arguments = dict(version)
        if first or last is not None:
            arguments["Range"] = f"bytes={first}-{'' if last is None else last}"
        reply = self.client.get_object(Bucket=location.bucket, Key=location.key, **arguments)
        version.setdefault("IfMatch", reply["ETag"])
        with contextlib.closing(reply["Body"]) as body:
            yield from body.iter_chunks(_CHUNK_BYTES)

    def put(self, location: Location, body: bytes) -> None:
        """See :class:`Lister`."""
        self.client.put_object(Bucket=location.bucket, Key=location.key, Body=body)


def _one_behind(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Hand each chunk on when the next is there: the checksum is known after the last one."""
    held = b""
    for chunk in chunks:
        if held:
            yield held
        held = chunk
    if held:
        yield held


def read_json(storage: Lister, location: Location) -> Any:  # noqa: ANN401 (any JSON)
    """Read a small JSON object."""
    return json.loads(b"".join(storage.read(location)))


def write_json(storage: Lister, location: Location, document: object) -> None:
    """Write a small JSON object, readable by people."""
    storage.put(location, json.dumps(document, indent=1).encode() + b"\n")


@cache
def storage() -> Storage:
    """The storage of this process. Lambda keeps the process."""
    session = botocore.session.get_session()
    # A page of a listing has a thousand times, and parsing a general format would take most of its
    # time.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    return Storage(
        boto3.Session(botocore_session=session).client(
            "s3",
            config=config(retries=8, max_pool_connections=2 * THREADS),
        )
    )


def _moment(value: str) -> datetime:
    """Parse a time of a response: ISO 8601 in listings, HTTP's format in headers."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return parse_timestamp(value)
