"""Builds the request that runs an execution's exceptions again, over a manifest."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.aws import exceptions_file
from tfbatch.aws.calls import aws_command
from tfbatch.terminal.problem import Problem
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

    from tfbatch.aws.deployed_outputs import Deployed
    from tfbatch.aws.session import Session
    from tfbatch.watch.snapshot import Snapshot

_ONCE = {fields.KEY, fields.OUTPUT, fields.DRY_RUN}
"""Fields that belong to one execution only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """The exceptions of a run, to be run again."""

    manifest: str
    """URI of their manifest, ``s3://input-bucket/retries/NAME.manifest``."""
    elements: list[Any]
    """Its content."""
    request: Mapping[str, Any]

    def write(self, s3: S3Client) -> None:
        """Write the manifest."""
        bucket, _, key = self.manifest.removeprefix("s3://").partition("/")
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(self.elements).encode())

    def command(self, session: Session) -> str:
        """Return the shell commands that write it."""
        body = shlex.quote(json.dumps(self.elements))
        return f"printf %s {body} | {aws_command(session, 's3', 'cp', '-', self.manifest)}"


def again(s3: S3Client, deployed: Deployed, snapshot: Snapshot) -> Again:
    """Read a run's exceptions.

    Raises:
        Problem: it hasn't ended, or has none.
    """
    name = snapshot.name
    if snapshot.is_running:
        raise Problem(f"{name} still runs: wait for it with 'tfbatch watch {name}'.")
    output = exceptions_file.folder(deployed, snapshot)
    keys = sorted({one["key"] for one in exceptions_file.read(s3, output)})
    if not keys:
        raise Problem(
            f"{name} ended {snapshot.status} and left no exceptions in {output}: there is nothing "
            f"to retry, and 'tfbatch run' runs all of it again."
        )
    prefix = _prefix(s3, snapshot)
    start = prefix.removeprefix("s3://").partition("/")[2]
    manifest = f"s3://{deployed.input_bucket}/retries/{name}.manifest"
    request = {key: value for key, value in snapshot.request.items() if key not in _ONCE}
    return Again(
        manifest=manifest,
        elements=[{"prefix": prefix}, *(key.removeprefix(start) for key in keys)],
        request=request | {fields.INPUT: manifest},
    )


def _prefix(s3: S3Client, snapshot: Snapshot) -> str:
    """The folder of a run's inputs. A manifest names its own."""
    uri = str(snapshot.request[fields.INPUT])
    if not uri.endswith(".manifest"):
        return f"{uri.rstrip('/')}/"
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    found: str = json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])[0]["prefix"]
    return found
