"""Reads the lines of many output objects in order, and fetches some objects ahead."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.results.run import split
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

_AHEAD = 24
_CHUNK_BYTES = 256 * 1024

Item = tuple[str, dict[str, Any]]


@dataclass(slots=True)
class Opened:
    """An output object whose start has been fetched."""

    begin: bytes
    body: StreamingBody

    def lines(self) -> Iterator[bytes]:
        """Each line without its line feed. The last one may lack it."""
        held = self.begin
        while True:
            *whole, held = held.split(b"\n")
            yield from whole
            more = self.body.read(_CHUNK_BYTES)
            if not more:
                break
            held += more
        if held:
            yield held


def read_ahead(s3: S3Client, items: Iterable[Item]) -> Iterator[tuple[Item, Opened | None]]:
    """Open each item's ``output``, in order; ``None`` for an item without one."""
    coming: deque[tuple[Item, Future[Opened] | None]] = deque()
    with ThreadPoolExecutor(_AHEAD) as threads:
        try:
            for item in items:
                uri = item[1].get("output")
                coming.append((item, threads.submit(_open, s3, uri) if uri else None))
                if len(coming) > _AHEAD:
                    yield _first(coming)
            while coming:
                yield _first(coming)
        finally:
            for _, future in coming:
                if future:
                    future.cancel()


def _first(
    coming: deque[tuple[Item, Future[Opened] | None]],
) -> tuple[Item, Opened | None]:
    item, future = coming.popleft()
    return item, future.result() if future else None


def _open(s3: S3Client, uri: str) -> Opened:
    bucket, key = split(uri)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except s3.exceptions.ClientError as error:
        # By its code: two threads may have different classes for NoSuchKey.
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        raise Problem(
            f"{uri} was deleted after the run: run its input again with 'tfbatch run'."
        ) from None
    return Opened(body.read(_CHUNK_BYTES), body)
