"""Models with a special request, in transform jobs of the sandbox: the whole way of a run."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.tfbatch_sandbox.roles import allow, make_role
from tests.zoo.payloads import json_lines
from tests.zoo.test_zoo import is_close, rows_of
from tfbatch_cdk.model import container_environment, tarball
from tfbatch_cdk.model.artifact import artifact_of
from tfbatch_cdk.settings import Container, Model
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.zoo.conftest import Animal, Zoo

NAMES = ("batch_of_one", "scalar_text", "scalar_switch", "another_signature", "guesslang")
_BUCKET = "zoo"
_IMAGE = f"763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:{Container().tag}"
_PATIENCE_SECONDS = 120.0


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A function that makes clients of a sandbox with a bucket."""
    with Sandbox.start(state_dir=tmp_path_factory.mktemp("zoo")) as sandbox:
        made = boto3.Session("sandbox", "sandbox", region_name=sandbox.region)

        def client(service: Any) -> Any:  # noqa: ANN401 # any of boto3's
            return made.client(service, endpoint_url=sandbox.endpoint_url)

        client("s3").create_bucket(Bucket=_BUCKET)
        yield client


def _start(session: Any, animal: Animal, folder: Path) -> str:  # noqa: ANN401
    """Create a model as a stage does, and a job over its records; the job's name."""
    name = animal.name.replace("_", "-")
    model = Model(
        name=name,
        directory=animal.directory,
        signature=animal.signature.name,
        requirements=None,
    )
    tarball.write(folder / f"{name}.tar.gz", artifact_of(model).sources())
    session("s3").upload_file(str(folder / f"{name}.tar.gz"), _BUCKET, f"{name}.tar.gz")
    ((body, _),) = json_lines(animal.records, animal.signature)
    session("s3").put_object(Bucket=_BUCKET, Key=f"in/{name}/records.jsonl", Body=body)
    role = {"Service": "sagemaker.amazonaws.com"}
    session("sagemaker").create_model(
        ModelName=name,
        ExecutionRoleArn=make_role(session("iam"), "zoo", role, allow("*", on="*")),
        EnableNetworkIsolation=True,
        PrimaryContainer={
            "Image": _IMAGE,
            "ModelDataUrl": f"s3://{_BUCKET}/{name}.tar.gz",
            "Environment": container_environment.of_model(model, None),
        },
    )
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{_BUCKET}/in/{name}/"}
    session("sagemaker").create_transform_job(
        TransformJobName=name,
        ModelName=name,
        BatchStrategy="MultiRecord",
        MaxConcurrentTransforms=2,
        MaxPayloadInMB=6,
        Environment=container_environment.of_job(model, "g5.xlarge"),
        TransformInput={
            "ContentType": "application/jsonlines",
            "SplitType": "Line",
            "DataSource": {"S3DataSource": source},
        },
        TransformOutput={"S3OutputPath": f"s3://{_BUCKET}/out/{name}/", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
    )
    return name


def _output(session: Any, job: str) -> list[dict[str, Any]]:  # noqa: ANN401
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = session("sagemaker").describe_transform_job(TransformJobName=job)
        if found["TransformJobStatus"] not in {"InProgress", "Stopping"}:
            assert found["TransformJobStatus"] == "Completed", found.get("FailureReason")
            key = f"out/{job}/records.jsonl.out"
            body = session("s3").get_object(Bucket=_BUCKET, Key=key)["Body"].read()
            return [json.loads(line) for line in body.splitlines()]
        time.sleep(0.1)
    raise TimeoutError(f"{job} still runs")


def test_jobs_give_the_predictions_of_plain_tensorflow(
    session: Any,  # noqa: ANN401
    zoo: Zoo,
    tmp_path: Path,
) -> None:
    jobs = {name: _start(session, zoo.models[name], tmp_path) for name in NAMES}
    for name, job in jobs.items():
        animal = zoo.models[name]
        rows = rows_of(animal, _output(session, job))
        assert len(rows) == len(animal.predictions), name
        for row, wanted in zip(rows, animal.predictions, strict=True):
            assert all(is_close(row[key], value) for key, value in wanted.items()), name
