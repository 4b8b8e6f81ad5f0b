"""Reads ``exceptions.jsonl``: the inputs of a run without a prediction, and the reasons."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3 import S3Client

    from tfbatch.aws.deployed_outputs import Deployed
    from tfbatch.watch.snapshot import Snapshot

_FILE = "exceptions.jsonl"
_READ = 100_000
"""Exceptions that are counted."""
_KINDS = 10


def folder(deployed: Deployed, snapshot: Snapshot) -> str:
    """Return a run's output folder, ``s3://bucket/folder/``, even if the run failed."""
    default = f"s3://{deployed.output_bucket}/{snapshot.name}/"
    found = (snapshot.report or {}).get("output") or snapshot.request.get("output") or default
    return f"{str(found).rstrip('/')}/"


def read(s3: S3Client, output: str) -> Iterator[Mapping[str, Any]]:
    """Yield a run's exceptions, each with ``key``, ``record`` and ``reason``.

    Args:
        s3: S3 client.
        output: the run's output folder.
    """
    bucket, _, prefix = output.removeprefix("s3://").partition("/")
    try:
        body = s3.get_object(Bucket=bucket, Key=prefix + _FILE)["Body"]
    except s3.exceptions.NoSuchKey:
        return
    for line in body.iter_lines():
        yield json.loads(line)


def reasons(s3: S3Client, deployed: Deployed, snapshot: Snapshot) -> dict[str, int]:
    """Return the most frequent reasons with their counts."""
    if snapshot.is_running:
        return {}
    found = islice(read(s3, folder(deployed, snapshot)), _READ)
    return dict(Counter(one["reason"].partition("\n")[0] for one in found).most_common(_KINDS))
