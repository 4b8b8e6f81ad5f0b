"""Uploads files in parallel and skips those that are in S3 with the same content.

Each object has the SHA-256 of its file in its metadata, because S3's ETag is not a checksum if a
bucket is encrypted or an upload had parts.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfbatch.files.file_store import file_at
from tfbatch.records.checking import count_file
from tfbatch.run.file_types import HEAD_BYTES, is_tfrecord
from tfbatch.watch import words

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from mypy_boto3_s3 import S3Client

    from tfbatch.run.sources import File, Source
    from tfbatch.terminal.output import Output

DIGEST = "tfbatch-sha256"
"""Metadata key of the digest."""
RECORDS = "records"
"""Metadata key of the record count, which Plan and Reconcile use
(``tfbatch_functions.planning.sampling.METADATA``)."""
_FILES_AT_ONCE = 10
"""As many connections as botocore keeps."""
_REQUESTS = 16
_SMALL_BYTES = 8 * 1024 * 1024
"""Larger files are sent in parts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """A folder in a bucket."""

    s3: S3Client
    bucket: str
    prefix: str
    """Ends in ``/``."""

    @property
    def uri(self) -> str:
        """As ``s3://bucket/prefix/``."""
        return f"s3://{self.bucket}/{self.prefix}"

    def sizes(self) -> dict[str, int]:
        """Name -> size of everything in it."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        return {
            one["Key"].removeprefix(self.prefix): one["Size"]
            for page in pages
            for one in page.get("Contents", [])
        }

    def digest(self, name: str) -> str | None:
        """The digest in an object's metadata."""
        found = self.s3.head_object(Bucket=self.bucket, Key=self.prefix + name)
        return found["Metadata"].get(DIGEST)


def upload(source: Source, to: Destination, output: Output) -> str:
    """Upload a source, and return the URI to run over.

    It is the folder if that has nothing else, or a manifest of these files beside it. An interrupt
    aborts running uploads. Finished files aren't sent again.
    """
    from boto3.s3.transfer import (  # noqa: PLC0415 # boto3, if there is something to send
        ProgressCallbackInvoker,
        TransferConfig,
        create_transfer_manager,
    )

    there, large, kept = to.sizes(), [], 0
    total = sum(file.size for file in source.files)
    with (
        _progress(output, total) as advance,
        create_transfer_manager(to.s3, TransferConfig(max_concurrency=_REQUESTS)) as manager,
        ThreadPoolExecutor(_FILES_AT_ONCE) as threads,
        closing(_looked_at(threads, source, to, there)) as looked_at,
    ):
        for found in looked_at:
            if not found.is_large:
                kept += not found.is_sent
                advance(found.file.size)
                continue
            one = manager.upload(
                str(found.file.path),
                to.bucket,
                to.prefix + found.file.name,
                extra_args={"Metadata": found.metadata},
                subscribers=[ProgressCallbackInvoker(advance)],
            )
            large.append(one)
        for sent in large:
            sent.result()
    output.say(
        f"{words.count(len(source.files) - kept, 'file')} uploaded to {to.uri}"
        + (f", {kept:,} were there already." if kept else ".")
    )
    names = [file.name for file in source.files]
    return to.uri if there.keys() <= set(names) else _manifest(names, to)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A file after a thread has looked at it."""

    file: File
    is_sent: bool = False
    is_large: bool = False
    """Whether it is still to be sent, in parts."""
    metadata: Mapping[str, str] = field(default_factory=dict)


def _looked_at(
    threads: ThreadPoolExecutor, source: Source, to: Destination, there: Mapping[str, int]
) -> Generator[_Found]:
    """Yield each file when it is sent, if it is small, or there already."""
    from tfbatch.run.small_files import SmallFiles  # noqa: PLC0415 # botocore's, as above

    small = SmallFiles(s3=to.s3, bucket=to.bucket)

    def look(file: File) -> _Found:
        with file.path.open("rb") as opened:
            is_large = file.size > _SMALL_BYTES
            body = b"" if is_large else opened.read()
            digest = hashlib.file_digest(opened, "sha256") if is_large else hashlib.sha256(body)
        if there.get(file.name) == file.size and to.digest(file.name) == digest.hexdigest():
            return _Found(file=file)
        metadata = {DIGEST: digest.hexdigest()} | _records(file)
        if is_large:
            return _Found(file=file, is_large=True, metadata=metadata)
        small.put(to.prefix + file.name, body, metadata)
        return _Found(file=file, is_sent=True)

    yield from threads.map(look, source.files)


def _records(file: File) -> dict[str, str]:
    """The number of records of a TFRecord file, for Reconcile."""
    with file.path.open("rb") as opened:
        if not is_tfrecord(opened.read(HEAD_BYTES)):
            return {}
    counted = count_file(*file_at(str(file.path)))
    return {RECORDS: str(counted.records)} if counted.is_sound else {}


def _manifest(names: list[str], to: Destination) -> str:
    key = f"{to.prefix.rstrip('/')}.manifest"
    body = json.dumps([{"prefix": to.uri}, *names]).encode()
    to.s3.put_object(Bucket=to.bucket, Key=key, Body=body)
    return f"s3://{to.bucket}/{key}"


@contextmanager
def _progress(output: Output, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar of bytes, on a terminal."""
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
