"""Every row of the handler's table of formats: transform jobs on the deployed, isolated models."""

from __future__ import annotations

import base64
import io
import json
import sys
import tarfile
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from tests.tfbatch_handler.serving import image_example, recordio, tfrecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.deployment import Deployment

_PATIENCE_SECONDS = 120.0
JSON, LINES, CSV = "application/json", "application/jsonlines", "text/csv"
RAW = {"TFBATCH_OUTPUT": "raw"}
TOP_K = {"TFBATCH_OUTPUT": "top_k"}
CLASS = {"TFBATCH_OUTPUT": "fields", "TFBATCH_FIELDS": '{"class": "classes"}'}
WEIGHTS = np.array([[0.5, 0.1], [0.25, 0.2], [1.0, 0.3]])
"""Of the model ``vector``."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A transform job over one object, and what its lines say."""

    content_type: str
    body: bytes
    says: list[Any]
    """The class of an image, the values of a vector, or the beginning of an error, each."""
    split: str = "None"
    strategy: str = "SingleRecord"
    accept: str | None = None
    model: str = "tiny"
    environment: Mapping[str, str] = field(default_factory=dict)


def _image(best: int, kind: str) -> bytes:
    """An image whose color is the channel of that number."""
    file = io.BytesIO()
    color = tuple(255 if channel == best else 0 for channel in range(3))
    Image.new("RGB", (8, 8), color).save(file, kind)
    return file.getvalue()


def _npy(array: Any) -> bytes:  # noqa: ANN401
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAABgAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34"
    "+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmu"
    "bgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAA"
    "QAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAACBtZGF0AAAAFCgBrwtg+sbB1//gK79y"
    "UfygbtO3"
)
"""64 x 64 pixels of green, by libheif; nothing that is installed here writes HEIC."""
PNGS = [_image(best, "PNG") for best in (2, 0, 1)]
EXAMPLES = [image_example(png) for png in PNGS]
BAD = "InvalidRecord"
ROWS = [[1, 0, 0], [0, 0.5, -2]]
VALUES = (np.array(ROWS) @ WEIGHTS).tolist()

CASES = {
    "jpeg": Case(content_type="image/jpeg", body=_image(1, "JPEG"), says=[1]),
    "png": Case(content_type="image/png", body=PNGS[0], accept=CSV, says=[2], environment=TOP_K),
    "tiff": Case(
        content_type="image/tiff", body=_image(2, "TIFF"), accept=LINES, says=[2], environment=RAW
    ),
    "heic": Case(content_type="image/heic", body=HEIC, accept=LINES, says=[1], environment=RAW),
    "tfexample": Case(
        content_type="application/x-tfexample",
        split="TFRecord",
        body=b"".join(map(tfrecord, EXAMPLES)),
        says=[2, 0, 1],
        environment=RAW,
    ),
    "tfrecord, many": Case(
        content_type="application/x-tfrecord",
        split="TFRecord",
        strategy="MultiRecord",
        body=b"".join(map(tfrecord, [EXAMPLES[0], b"no Example", EXAMPLES[2]])),
        says=[2, BAD, 1],
        environment=CLASS,
    ),
    "tfrecord, whole file": Case(
        content_type="application/x-tfrecord",
        accept=CSV,
        body=b"".join(map(tfrecord, EXAMPLES)),
        says=[2, 0, 1],
        environment=CLASS,
    ),
    "recordio": Case(
        content_type="application/x-recordio",
        split="RecordIO",
        strategy="MultiRecord",
        body=b"".join(map(recordio, PNGS)),
        says=[2, 0, 1],
    ),
    "json": Case(
        content_type=JSON,
        model="vector",
        accept=JSON,
        body=json.dumps({"instances": ROWS}).encode(),
        says=VALUES,
    ),
    "jsonlines": Case(
        content_type=LINES,
        model="vector",
        split="Line",
        strategy="MultiRecord",
        accept=LINES,
        body="".join(f"{json.dumps(row)}\n" for row in ROWS).encode(),
        says=VALUES,
    ),
    "csv": Case(
        content_type=CSV,
        model="vector",
        split="Line",
        strategy="MultiRecord",
        accept=CSV,
        body=b'1,0,0\n"0",0.5,-2\n',
        says=VALUES,
    ),
    "npy": Case(
        content_type="application/x-npy",
        model="vector",
        body=_npy(np.array(ROWS, np.float32)),
        says=VALUES,
        environment={"TFBATCH_OUTPUT": "fields", "TFBATCH_FIELDS": '{"value": "y"}'},
    ),
}


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """One job for each case, all ended."""

    deployment: Deployment
    descriptions: Mapping[str, Mapping[str, Any]]

    def output(self, name: str) -> str:
        job = self.descriptions[name]
        assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
        (body,) = self.deployment.read(job["TransformOutput"]["S3OutputPath"]).values()
        return body.decode()


@pytest.fixture(scope="module")
def jobs(deployment: Deployment) -> Jobs:
    models = _models(deployment)
    sagemaker = deployment.client("sagemaker")
    names = {case: f"formats-{case.replace(', ', '-').replace(' ', '-')}" for case in CASES}
    for case, name in names.items():
        _start(deployment, CASES[case], name, models[CASES[case].model])
    deadline = time.monotonic() + _PATIENCE_SECONDS
    found: dict[str, dict[str, Any]] = {}
    for case, name in names.items():
        while (one := sagemaker.describe_transform_job(TransformJobName=name))[
            "TransformJobStatus"
        ] == "InProgress":
            assert time.monotonic() < deadline, f"still running: {name}"
            time.sleep(0.2)
        found[case] = one
    return Jobs(deployment=deployment, descriptions=found)


def _models(deployment: Deployment) -> dict[str, str]:
    """The names of the deployed SageMaker Models by those of the stage's."""
    stacks = deployment.client("cloudformation").list_stack_resources(
        StackName="tfbatch-dev-inference"
    )["StackResourceSummaries"]
    found = {
        one["LogicalResourceId"]: one["PhysicalResourceId"].rpartition("/")[2]
        for one in stacks
        if one["ResourceType"] == "AWS::SageMaker::Model"
    }
    return {
        model: name
        for model in ("tiny", "vector")
        for logical, name in found.items()
        if logical.startswith(f"Model{model}")
    }


def _start(deployment: Deployment, case: Case, name: str, model: str) -> None:
    uri = deployment.upload(name, {"object": case.body})
    output = {"S3OutputPath": f"s3://{deployment.outputs['OutputBucketName']}/{name}/"}
    deployment.client("sagemaker").create_transform_job(
        TransformJobName=name,
        ModelName=model,
        BatchStrategy=case.strategy,
        MaxConcurrentTransforms=2,
        Environment=dict(case.environment),
        TransformInput={
            "ContentType": case.content_type,
            "SplitType": case.split,
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
        },
        TransformOutput=output
        | {"AssembleWith": "Line"}
        | ({"Accept": case.accept} if case.accept else {}),
        TransformResources={"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
    )


@pytest.mark.parametrize("name", CASES)
def test_every_format_is_read_and_answered_through_the_deployed_artifact(
    jobs: Jobs, name: str
) -> None:
    case = CASES[name]
    read = _cells if case.accept == CSV else _document if case.accept == JSON else _lines
    assert jobs.output(name).endswith("\n")
    said = [_meaning(one) for one in read(jobs.output(name))]
    assert said == [pytest.approx(value) if value != BAD else BAD for value in case.says]


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def _document(text: str) -> list[Any]:
    found: list[Any] = json.loads(text)["predictions"]
    return found


def _cells(text: str) -> list[Any]:
    return [[float(cell) for cell in line.split(",")] for line in text.splitlines()]


def _meaning(line: Any) -> Any:  # noqa: ANN401
    """The class or the values that a line says, in whichever of the handler's ways."""
    if isinstance(line, list):  # class and probability of a CSV row, or a vector's values
        return line[0] if len(line) in {1, 6} else line
    if "error" in line:
        return line["error"]["code"]
    if "top_k" in line:
        return line["top_k"][0]["class"]
    (value,) = line.get("predictions", [*line.values()])
    return value["classes"] if isinstance(value, dict) else value


def test_tiff_is_read_without_a_network_by_the_pillow_that_the_artifact_brings(jobs: Jobs) -> None:
    job = jobs.descriptions["tiff"]
    model = jobs.deployment.client("sagemaker").describe_model(ModelName=job["ModelName"])
    assert model["EnableNetworkIsolation"]
    bucket, _, key = model["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://").partition("/")
    archive = jobs.deployment.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as artifact:
        assert "code/lib/PIL/_imaging.cpython-312-x86_64-linux-gnu.so" in artifact.getnames()
    said = [
        event["message"]
        for event in jobs.deployment.client("logs").filter_log_events(
            logGroupName="/aws/sagemaker/TransformJobs",
            logStreamNamePrefix=f"{job['TransformJobName']}/",
            filterPattern="pillow",
        )["events"]
    ]
    is_the_images = sys.version_info[:2] == (3, 12) and sys.platform == "linux"
    assert is_the_images or "in its place, the same for Python" in " ".join(said)
