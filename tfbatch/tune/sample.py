"""Samples an input folder for the trials of a search."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfbatch.files.file_store import folder_at
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from tfbatch.aws.session import Session
    from tfbatch.files.file_store import Entry

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Some objects of a folder."""

    folder: str
    """``s3://bucket/folder/``."""
    entries: tuple[Entry, ...]
    total: int
    """Number of objects in the folder."""

    @property
    def payload_mb(self) -> int:
        """The payload for the largest of them."""
        return max(math.ceil(max(entry.size for entry in self.entries) / _MEBIBYTE), 1)

    def put(self, s3: S3Client, *, bucket: str, key: str) -> str:
        """Write the manifest of the trials' jobs, and return its URI."""
        manifest = [{"prefix": self.folder}, *(entry.name for entry in self.entries)]
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest).encode())
        return f"s3://{bucket}/{key}"


def take(folder: str, *, count: int, session: Session) -> Sample:
    """Take objects from all over a folder, as many as requested or as there are.

    Raises:
        Problem: it has none.
    """
    folder = folder.rstrip("/") + "/"
    entries = [entry for entry in folder_at(folder, session).entries() if entry.size]
    if not entries:
        raise Problem(f"INPUT = {folder}: nothing lies there; upload it, or correct the folder.")
    step = max(len(entries) / count, 1)
    chosen = tuple(entries[int(number * step)] for number in range(min(count, len(entries))))
    return Sample(folder=folder, entries=chosen, total=len(entries))
