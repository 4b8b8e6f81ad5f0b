"""The deployed state machine of the soak, and its executions."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boto3 import Session
from botocore.config import Config

from tests.deployment import CDK, Deployment
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

_STUB = (sys.executable, "-m", "benchmarks.soak.stub_job")
_UPLOADS = 8
_BODY = b"\xff\xd8\xff\xe0" + bytes(60)
"""A photograph for who reads no further than the first bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """An execution at its end."""

    status: str
    inputs: int
    accounted: int
    """Outputs and exceptions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """A deployed stage, whose jobs are stubs."""

    sandbox: Sandbox
    machine: str
    bucket: str
    s3: S3Client
    states: SFNClient

    def upload(self, folder: str, count: int) -> str:
        """Write objects, and return their URI."""

        def put(number: int) -> None:
            self.s3.put_object(Bucket=self.bucket, Key=f"{folder}/{number:06d}.jpg", Body=_BODY)

        with ThreadPoolExecutor(_UPLOADS) as threads:
            list(threads.map(put, range(count)))
        return f"s3://{self.bucket}/{folder}/"

    def start(self, uri: str) -> str:
        """Start an execution; its ARN."""
        request = json.dumps({"input": uri, "format": "jpeg"})
        return self.states.start_execution(stateMachineArn=self.machine, input=request)[
            "executionArn"
        ]

    def end(self, arn: str, *, pause: float = 0.2) -> Run:
        """Wait for an execution's end."""
        while True:
            found = self.states.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                break
            time.sleep(pause)
        summary = json.loads(found.get("output", "{}")).get("summary", {})
        accounted = summary.get("outputs", 0) + summary.get("exceptions", 0)
        inputs = summary.get("inputs", 0)
        return Run(status=found["status"], inputs=inputs, accounted=accounted)

    def run(self, uri: str) -> Run:
        """An execution from its start to its end."""
        return self.end(self.start(uri))


@contextmanager
def deployed() -> Iterator[Workflow]:
    """Deploy the stage into a new sandbox."""
    os.environ["CDK_VALIDATION"] = "false"
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        state = Path(folder) / "state"
        with Sandbox.start(state_dir=state, transform_command=_STUB) as sandbox:
            bare = Deployment(sandbox=sandbox, outputs={})
            bare.bootstrap()
            app = f"{sys.executable} -m benchmarks.soak.app"
            output = str(Path(folder) / "cdk.out")
            approval = ("--require-approval", "never")
            bare.run(CDK, "deploy", "--all", *approval, "--app", app, "--output", output)
            yield _workflow(sandbox)


def _workflow(sandbox: Sandbox) -> Workflow:
    outputs = Deployment.of(sandbox).outputs
    session = Session("sandbox", "sandbox", region_name=sandbox.region)
    config = Config(max_pool_connections=64, retries={"total_max_attempts": 1})
    return Workflow(
        sandbox=sandbox,
        machine=outputs["StateMachineArn"],
        bucket=outputs["InputBucketName"],
        s3=session.client("s3", endpoint_url=sandbox.endpoint_url, config=config),
        states=session.client("stepfunctions", endpoint_url=sandbox.endpoint_url, config=config),
    )
