"""A stage deployed by the real ``cdk deploy`` into a sandbox, and the ways people talk to it."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.paths import REPOSITORY
from tests.stages import MODELS, PLAIN, TYPES
from tfbatch.aws.deployed_outputs import fixed_values
from tfbatch_cdk.workflow import fields
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CDK = str(REPOSITORY / "node_modules" / ".bin" / "cdk")
_TEST_SECONDS = 300
"""What a test may take when the deployment is there."""
_PATIENCE_SECONDS = 120.0
_DEPLOY_SECONDS = 900.0


@functools.cache
def _client(service: Any, endpoint_url: str, region: str) -> Any:  # noqa: ANN401
    session = boto3.Session("sandbox", "sandbox", region_name=region)
    return session.client(service, endpoint_url=endpoint_url)


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """A deployed stage and the ways people talk to it."""

    sandbox: Sandbox
    outputs: Mapping[str, str]

    @classmethod
    def of(cls, sandbox: Sandbox, *, stacks: str = "tfbatch-") -> Deployment:
        """What is deployed in a sandbox, by the outputs of the stacks whose names begin so."""
        bare = cls(sandbox=sandbox, outputs={})
        outputs = {
            output["OutputKey"]: output["OutputValue"]
            for stack in bare.client("cloudformation").describe_stacks()["Stacks"]
            if stack["StackName"].startswith(stacks)
            for output in stack.get("Outputs", [])
        }
        return cls(sandbox=sandbox, outputs=outputs)

    @property
    def input_bucket(self) -> str:
        return self.outputs["InputBucketName"]

    def client(self, service: Any) -> Any:  # noqa: ANN401 # any of boto3's clients
        return _client(service, self.sandbox.endpoint_url, self.sandbox.region)

    def upload(self, folder: str, objects: Mapping[str, bytes]) -> str:
        """Put objects under a folder of the input bucket and return its URI."""
        s3 = self.client("s3")
        for name, body in objects.items():
            s3.put_object(Bucket=self.input_bucket, Key=f"{folder}/{name}", Body=body)
        return f"s3://{self.input_bucket}/{folder}/"

    def read(self, uri: str) -> dict[str, bytes]:
        """All objects under a URI by the rest of their keys."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        s3 = self.client("s3")
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {
            one["Key"].removeprefix(prefix): s3.get_object(Bucket=bucket, Key=one["Key"])[
                "Body"
            ].read()
            for one in found
        }

    def execute(self, request: object) -> dict[str, Any]:
        """Run an execution to its end and return how Step Functions describes it."""
        return self.wait(self.start(request))

    def start(self, request: object) -> str:
        """Start an execution and return its ARN."""
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["StateMachineArn"], input=json.dumps(request)
        )
        arn: str = started["executionArn"]
        return arn

    def wait(self, arn: str) -> dict[str, Any]:
        """Wait for an execution's end and return how Step Functions describes it."""
        sfn = self.client("stepfunctions")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found: dict[str, Any] = sfn.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.25)
        raise TimeoutError(f"still running: {arn}")

    def jobs(self, arn: str) -> list[dict[str, Any]]:
        """The transform jobs of an execution in the order of their creation."""
        sagemaker = self.client("sagemaker")
        sfn = self.client("stepfunctions")
        machine = sfn.describe_state_machine_for_execution(executionArn=arn)["definition"]
        stage = fixed_values(json.loads(machine))["name"]
        found = sagemaker.list_transform_jobs(
            NameContains=fields.job_prefix(stage, arn), SortBy="CreationTime", SortOrder="Ascending"
        )["TransformJobSummaries"]
        return [
            sagemaker.describe_transform_job(TransformJobName=job["TransformJobName"])
            for job in found
        ]

    def bootstrap(self) -> None:
        """Prepare the account for the CDK."""
        # Away from cdk.json, whose app bootstrapping needn't wait for.
        environment = f"aws://{self.sandbox.account_id}/{self.sandbox.region}"
        self.run("env", "--chdir", str(self.sandbox.state_dir), CDK, "bootstrap", environment)

    def run(self, *command: str, **more: str) -> str:
        """Run a program, which must succeed, and return what it prints. See :meth:`call`."""
        done = self.call(*command, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def call(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a program as a person would whose terminal has the sandbox's export lines.

        Args:
            command: program and arguments.
            more: further variables.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("AWS_")
        } | {
            **self.sandbox.environment,
            **more,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }
        return subprocess.run(
            command,
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_DEPLOY_SECONDS,
        )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the deployment have its own time: on a busy machine it takes all of its first test's."""
    item.add_marker(pytest.mark.timeout(_TEST_SECONDS, func_only=True))


@pytest.fixture(scope="package")
def models(saved_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models ``tiny``, ``vector``, and ``broken``, whose weights can't be read."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(saved_models / "image", folder / "tiny")
    shutil.copytree(saved_models / "vector" / "1", folder / "vector" / "1")
    shutil.copytree(saved_models / "vector" / "1", folder / "broken" / "1")
    (folder / "broken" / "1" / "variables" / "variables.index").write_bytes(b"no index")
    return folder


@pytest.fixture(scope="package")
def deployment(
    models: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Deployment]:
    state = tmp_path_factory.mktemp("deployment")
    base = tmp_path_factory.getbasetemp()
    quotas = {f"ml.{TYPES[-1]}": 1}
    with Sandbox.start(state_dir=state / "sandbox", transform_quotas=quotas) as sandbox:
        bare = Deployment(sandbox=sandbox, outputs={})
        bare.bootstrap()
        assembly = _assembly(bare, models, base if worker_id == "master" else base.parent)
        bare.run(CDK, "deploy", "--all", "--require-approval", "never", "--app", str(assembly))
        yield Deployment.of(sandbox, stacks="tfbatch-dev-")


def _assembly(deployment: Deployment, models: Path, folder: Path) -> Path:
    """The stages' assembly, by the real ``cdk synth``; the workers of a run make it once."""
    made = folder / "assembly"
    with (folder / "assembly.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            app = ("--app", f"{sys.executable} -m tests.stages")
            output = ("--output", str(folder / "making"))
            deployment.run(CDK, "synth", "--quiet", *app, *output, **{MODELS: str(models)})
            (folder / "making").rename(made)
    return made


@pytest.fixture(scope="package")
def plain(deployment: Deployment) -> Deployment:
    """The stage that waits for its jobs by ``createTransformJob.sync``."""
    return Deployment.of(deployment.sandbox, stacks=f"tfbatch-{PLAIN}-")
