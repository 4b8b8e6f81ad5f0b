"""Ways to try a service through a real client of the real server."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from tests.tfbatch_sandbox.roles import allow, make_role, make_usual
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeTransformJobResponseTypeDef
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from tfbatch_sandbox.services.json_type import Json

STAND_IN = (sys.executable, "-m", "tests.tfbatch_sandbox.services.stand_in_job")
_ROLE = "arn:aws:iam::123456789012:role/workflow"


@dataclass(frozen=True)
class Workflows:
    """Creates state machines, and runs them to their end."""

    client: SFNClient

    def create(self, states: dict[str, Json], **options: Json) -> str:
        """A JSONata state machine that begins with the first of ``states``; its ARN."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        name = f"test-{time.monotonic_ns()}"
        made = self.client.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=_ROLE, **options
        )
        return made["stateMachineArn"]

    def start(self, states: dict[str, Json], given: Json = None) -> str:
        """Start an execution of new states; its ARN."""
        started = self.client.start_execution(
            stateMachineArn=self.create(states), input=json.dumps(given or {})
        )
        return started["executionArn"]

    def run(self, states: dict[str, Json], given: Json = None) -> DescribeExecutionOutputTypeDef:
        """An execution of new states, at its end."""
        return self.end(self.start(states, given))

    def end(self, execution: str, seconds: float = 30) -> DescribeExecutionOutputTypeDef:
        """An execution as it is described when it has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            described = self.client.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.05)
        raise TimeoutError(f"{execution} still runs after {seconds} s")

    def output(self, states: dict[str, Json], given: Json = None) -> Json:
        """The output of an execution that must succeed."""
        ended = self.run(states, given)
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def value(self, expression: str, given: Json = None) -> Json:
        """What an expression yields as the output of a state."""
        states = {"Only": {"Type": "Pass", "Output": {"v": f"{{% {expression} %}}"}, "End": True}}
        return self.output(states, given)["v"]


@pytest.fixture(scope="session")
def workflows(stepfunctions: SFNClient) -> Workflows:
    return Workflows(stepfunctions)


@dataclass(frozen=True)
class Jobs:
    """Transform jobs whose processes do nothing but what a test asks of them."""

    sandbox: Sandbox
    session: boto3.Session

    def client(self, service: str) -> Json:
        """An SDK client of the sandbox where these jobs run."""
        # The SDK's own checks are off: those of the service are under test.
        unchecked = Config(parameter_validation=False)
        return self.session.client(  # type: ignore[call-overload]
            service, endpoint_url=self.sandbox.endpoint_url, config=unchecked
        )

    @cached_property
    def sagemaker(self) -> SageMakerClient:
        client: SageMakerClient = self.client("sagemaker")
        return client

    def prepare(self) -> None:
        """Make the model, its role and an input object."""
        iam = self.client("iam")
        make_usual(iam)
        role = make_role(
            iam, "stand-in", {"Service": "sagemaker.amazonaws.com"}, allow("*", on="*")
        )
        s3 = self.client("s3")
        s3.create_bucket(Bucket="stand-in")
        for key in ("model.tar.gz", "in/1.jpg"):
            s3.put_object(Bucket="stand-in", Key=key, Body=b"bytes")
        self.sagemaker.create_model(
            ModelName="stand-in",
            ExecutionRoleArn=role,
            PrimaryContainer={"Image": "image", "ModelDataUrl": "s3://stand-in/model.tar.gz"},
        )

    def request(self, name: str, **changes: Json) -> Json:
        """A request that is fine but for ``changes``."""
        source = {"S3DataType": "S3Prefix", "S3Uri": "s3://stand-in/in/"}
        return {
            "TransformJobName": name,
            "ModelName": "stand-in",
            "TransformInput": {"DataSource": {"S3DataSource": source}, "ContentType": "image/jpeg"},
            "TransformOutput": {"S3OutputPath": "s3://stand-in/out/"},
            "TransformResources": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
        } | changes

    def create(self, name: str, **changes: Json) -> str:
        """Start a job; its name."""
        self.sagemaker.create_transform_job(**self.request(name, **changes))
        return name

    def end(self, name: str, seconds: float = 20) -> DescribeTransformJobResponseTypeDef:
        """A job as it is described when it has ended."""
        return self.until(name, {"Completed", "Failed", "Stopped"}, seconds)

    def until(
        self, name: str, statuses: set[str], seconds: float = 20
    ) -> DescribeTransformJobResponseTypeDef:
        """A job as it is described once its status is one of ``statuses``."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            job = self.sagemaker.describe_transform_job(TransformJobName=name)
            if job["TransformJobStatus"] in statuses:
                return job
            time.sleep(0.05)
        raise TimeoutError(f"{name} is not {statuses} after {seconds} s")


@pytest.fixture(scope="session")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """A sandbox with a model, an input object, and one ml.g4dn.xlarge at most."""
    with Sandbox.start(
        state_dir=tmp_path_factory.mktemp("jobs"),
        transform_command=STAND_IN,
        transform_quotas={"ml.g4dn.xlarge": 1},
    ) as sandbox:
        session = boto3.Session("sandbox", "sandbox", region_name=sandbox.region)
        jobs = Jobs(sandbox, session)
        jobs.prepare()
        yield jobs
