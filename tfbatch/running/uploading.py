"""Uploads files, many at a time; what is there already, with equal content, is left as it is.

Each object carries the SHA-256 of its file in its metadata: S3's own ETag is no checksum of the
content where a bucket is encrypted or an upload had parts.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.watch import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client

    from tfbatch.output import Output
    from tfbatch.running.sources import File, Source

DIGEST = "tfbatch-sha256"
"""The metadata's key."""
_FILES_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """A folder of a bucket."""

    s3: S3Client
    bucket: str
    prefix: str
    """Ends in ``/``."""

    @property
    def uri(self) -> str:
        """As ``s3://bucket/prefix/``."""
        return f"s3://{self.bucket}/{self.prefix}"

    def sizes(self) -> dict[str, int]:
        """Name below it -> bytes, of all that is there."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        return {
            one["Key"].removeprefix(self.prefix): one["Size"]
            for page in pages
            for one in page.get("Contents", [])
        }

    def digest(self, name: str) -> str | None:
        """What an object's metadata says of its content."""
        found = self.s3.head_object(Bucket=self.bucket, Key=self.prefix + name)
        return found["Metadata"].get(DIGEST)


def upload(source: Source, to: Destination, output: Output) -> str:
    """Bring a source to its destination, and return the URI to run over.

    That is the folder where it holds nothing else, else a manifest of just these files beside it.
    """
    there = to.sizes()
    total = sum(file.size for file in source.files)
    with _progress(output, total) as advance, ThreadPoolExecutor(_FILES_AT_ONCE) as threads:
        sending = [threads.submit(_send, file, to, there, advance) for file in source.files]
        try:
            wait(sending, return_when=FIRST_EXCEPTION)
            sent = sum(one.result() for one in sending)
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    kept = len(source.files) - sent
    output.say(
        f"{words.count(sent, 'file')} uploaded to {to.uri}"
        + (f", {kept:,} were there already." if kept else ".")
    )
    names = [file.name for file in source.files]
    return to.uri if there.keys() <= set(names) else _manifest(names, to)


def _send(
    file: File, to: Destination, there: dict[str, int], advance: Callable[[int], None]
) -> bool:
    """Upload one file, unless it is there; return whether it was sent."""
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 # boto3's

    with file.path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if there.get(file.name) == file.size and to.digest(file.name) == digest:
        advance(file.size)
        return False
    to.s3.upload_file(
        str(file.path),
        to.bucket,
        to.prefix + file.name,
        ExtraArgs={"Metadata": {DIGEST: digest}},
        Callback=advance,
        Config=TransferConfig(max_concurrency=4),
    )
    return True


def _manifest(names: list[str], to: Destination) -> str:
    key = f"{to.prefix.rstrip('/')}.manifest"
    body = json.dumps([{"prefix": to.uri}, *names]).encode()
    to.s3.put_object(Bucket=to.bucket, Key=key, Body=body)
    return f"s3://{to.bucket}/{key}"


@contextmanager
def _progress(output: Output, total: int) -> Iterator[Callable[[int], None]]:
    """A bar of bytes, on a terminal."""
    from rich.progress import (  # noqa: PLC0415 # rich's, here alone
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = output.console()
    columns = (
        TextColumn("Uploading"),
        BarColumn(28, complete_style="cyan", finished_style="green"),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)
