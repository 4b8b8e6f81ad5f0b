"""SavedModels, a container of our own making, and jobs run in this process."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tfbatch_sandbox.container.host.environment import container_environment
from tfbatch_sandbox.container.host.launch import free_block, spawn
from tfbatch_sandbox.transform.failure import JobFailure
from tfbatch_sandbox.transform.job import Job
from tfbatch_sandbox.transform.run import run_job
from tfbatch_sandbox.transform.sending import Address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import boto3
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

    from tfbatch_sandbox.processes import supervision
    from tfbatch_sandbox.sandbox import Sandbox

HERE = Path(__file__).parent


def launch_stub(job: Job, model: Path) -> tuple[supervision.Process, Address]:
    """The stub container, told by the job's environment how to behave."""
    port = free_block(4)
    command = [sys.executable, str(HERE / "stub_container.py"), str(port), str(model)]
    environment = partial(container_environment, job)
    return spawn(command, environment, port_range=(port + 1, port + 3)), Address(port)


@dataclass
class Outcome:
    """How a job ended, and what it left."""

    reason: str | None
    outputs: dict[str, bytes]
    requests: list[dict[str, Any]] = field(default_factory=list)
    """What the stub saw, in order."""
    log: list[str] = field(default_factory=list)
    """The data log."""


class Jobs:
    """Runs jobs on the stub container over a real S3."""

    def __init__(self, s3: S3Client, logs: CloudWatchLogsClient, folder: Path, name: str) -> None:
        self.s3, self._logs, self.folder, self.name = s3, logs, folder, name
        self.bucket = name
        self.s3.create_bucket(Bucket=name)

    def put(self, **objects: bytes) -> None:
        self.put_all(objects)

    def put_all(self, objects: Mapping[str, bytes]) -> None:
        for key, body in objects.items():
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def job(self, *, stub: Mapping[str, Any] | None = None, **changes: object) -> Job:
        """A job over ``in/`` to ``out/``; ``changes`` replace or deepen parts of its request."""
        told = {"record": str(self.folder / "requests.jsonl")} | dict(stub or {})
        request: dict[str, Any] = {
            "TransformJobName": self.name,
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"s3://{self.bucket}/in/",
                    }
                }
            },
            "TransformOutput": {"S3OutputPath": f"s3://{self.bucket}/out"},
            "TransformResources": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
            "Environment": {"STUB": json.dumps(told)},
        }
        model = {"PrimaryContainer": {"Image": "x/tensorflow-inference:2.20.0-gpu"}}
        return Job.of(_deepen(request, changes), model)

    def run(self, *, stub: Mapping[str, Any] | None = None, **changes: object) -> Outcome:
        return self.run_job(self.job(stub=stub, **changes))

    def run_job(self, job: Job) -> Outcome:
        started: list[bool] = []
        reason = None
        try:
            asyncio.run(
                run_job(
                    job,
                    self.folder,
                    on_started=lambda: started.append(True),
                    launch=launch_stub,
                )
            )
        except JobFailure as failure:
            reason = failure.reason
        record = self.folder / "requests.jsonl"
        lines = record.read_text().splitlines() if record.exists() else []
        return Outcome(
            reason, self.outputs(), [json.loads(line) for line in lines], self.data_log(job.name)
        )

    def outputs(self) -> dict[str, bytes]:
        """By key, without ``out/``."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="out/")
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {
            key.removeprefix("out/"): self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in keys
        }

    def data_log(self, name: str) -> list[str]:
        """What the service says of a job."""
        return self._lines(name, is_data_log=True)

    def container_log(self) -> list[str]:
        """What the containers of this test's job say."""
        return self._lines(self.name, is_data_log=False)

    def _lines(self, name: str, *, is_data_log: bool) -> list[str]:
        group = "/aws/sagemaker/TransformJobs"
        try:
            found = self._logs.describe_log_streams(
                logGroupName=group, logStreamNamePrefix=f"{name}/"
            )["logStreams"]
        except self._logs.exceptions.ResourceNotFoundException:
            return []
        return [
            event["message"]
            for stream in found
            if stream["logStreamName"].endswith("/data-log") is is_data_log
            for event in self._logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]


def _deepen(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        known = merged.get(name)
        both = isinstance(known, dict) and isinstance(value, dict)
        merged[name] = _deepen(known, value) if both else value  # type: ignore[arg-type]
    return merged


@pytest.fixture
def jobs(
    sandbox: Sandbox,
    session: boto3.Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Jobs]:
    """Jobs in a bucket of this test's own."""
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
    s3 = session.client("s3", endpoint_url=sandbox.endpoint_url)
    logs = session.client("logs", endpoint_url=sandbox.endpoint_url)
    yield Jobs(s3, logs, tmp_path, f"t-{digest}-{os.getpid()}")
    s3.close()
    logs.close()
