"""Finds what a finished run wrote to S3: summary, accounts and outputs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3 import S3Client

    from tfbatch.aws.session import Session

SUMMARY, EXCEPTIONS, PREDICTIONS = "summary.json", "exceptions.jsonl", "predictions.manifest.jsonl"
_SCHEME = "s3://"
_CONNECTIONS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A run's output folder."""

    s3: S3Client
    folder: str
    """``s3://bucket/folder/``."""
    arn: str | None = None
    """ARN of its execution; ``None`` if the folder was given."""
    input_bucket: str = ""
    """Bucket of its input, as asked for; empty if the folder was given."""

    @classmethod
    def find(cls, session: Session, said: str | None) -> Run:
        """Find a run.

        Args:
            session: AWS session.
            said: as for ``Executions.find``, or a run's output folder. The folder remains after
                Step Functions deletes the execution, after 90 days.

        Raises:
            Problem: there is no such run, or it is still running.
        """
        from botocore.config import Config  # noqa: PLC0415

        s3 = session.boto.client("s3", config=Config(max_pool_connections=_CONNECTIONS))
        if said and said.startswith(_SCHEME):
            return cls(s3=s3, folder=said.rstrip("/") + "/")
        from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415

        deployed = Deployed.find(session)
        executions = deployed.executions(session)
        arn = executions.find(said)
        found = executions.sfn.describe_execution(executionArn=arn)
        name = arn.rpartition(":")[2]
        if found["status"] in {"RUNNING", "PENDING_REDRIVE"}:
            raise Problem(f"{name} is still running: follow it with 'tfbatch watch {name}'.")
        told = _object(found.get("output")).get("output")
        request = _object(found.get("input"))
        folder = told or request.get("output") or f"{_SCHEME}{deployed.output_bucket}/{name}/"
        bucket, _ = split(str(request.get("input", "")))
        return cls(s3=s3, folder=str(folder).rstrip("/") + "/", arn=arn, input_bucket=bucket)

    def summary(self) -> Mapping[str, Any]:
        """The run's summary.

        Raises:
            Problem: there is none, because the run ended too early.
        """
        text = self._read(SUMMARY)
        if text is None:
            raise Problem(
                f"{self.folder} has no {SUMMARY}: the run ended before its last state; "
                "'tfbatch show' says why, and its predictions are the .out objects there."
            )
        found: dict[str, Any] = json.loads(text)
        return found

    def predictions(self) -> Iterator[dict[str, Any]]:
        """Each input with its output: ``input``, ``output`` and ``records``, in no order."""
        return self._lines(PREDICTIONS)

    def exceptions(self) -> Iterator[dict[str, Any]]:
        """Each exception: ``key``, ``record`` (``None`` for the whole object) and ``reason``."""
        return self._lines(EXCEPTIONS)

    def _read(self, name: str) -> bytes | None:
        bucket, key = split(self.folder + name)
        try:
            return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        """The objects of a JSON Lines file; none if it doesn't exist."""
        bucket, key = split(self.folder + name)
        try:
            body = self.s3.get_object(Bucket=bucket, Key=key)["Body"]
        except self.s3.exceptions.NoSuchKey:
            return
        for line in body.iter_lines(1 << 20):
            if line:
                yield json.loads(line)


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI."""
    bucket, _, key = uri.removeprefix(_SCHEME).partition("/")
    return bucket, key


def _object(text: str | None) -> dict[str, Any]:
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}
