"""Every model of the zoo in one deployed stage, and a transform job of each.

A job for each model and format would take minutes: each model's job has the format, of those that
it takes, that the fewest jobs before had. ``test_zoo.py`` has all formats of every model.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.deployment import CDK, Deployment
from tests.zoo.animals import SERVED
from tests.zoo.app import ZOO
from tests.zoo.payloads import FORMATS
from tests.zoo.test_zoo import is_close, payloads_of, rows_of
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from tests.zoo.conftest import Animal, Zoo

SPLITS = {
    **dict.fromkeys(("JSON Lines", "JSON Lines, values", "CSV", "text"), "Line"),
    "TFRecord": "TFRecord",
    "RecordIO": "RecordIO",
}
"""How Batch Transform splits a format; the others are whole objects."""
_AT_ONCE = 3
_PATIENCE = {"Delay": 1, "MaxAttempts": 240}


@pytest.fixture(scope="module")
def deployment(zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Sandbox.start(state_dir=tmp_path_factory.mktemp("zoo")) as sandbox:
        bare = Deployment(sandbox=sandbox, outputs={})
        bare.bootstrap()
        app = ("--app", f"{sys.executable} -m tests.zoo.app")
        bare.run(
            *(CDK, "deploy", "--all", "--require-approval", "never", *app),
            *("--output", str(tmp_path_factory.mktemp("assembly"))),
            **{ZOO: str(zoo.directory)},
        )
        yield Deployment.of(sandbox)


@pytest.fixture(scope="module")
def formats(zoo: Zoo) -> dict[str, str]:
    """The format of each model's job."""
    used: Counter[str] = Counter(dict.fromkeys(FORMATS, 0))
    chosen = {}
    for name in SERVED:
        taken = [one for one in FORMATS if payloads_of(zoo.models[name], one)]
        chosen[name] = min(taken, key=used.__getitem__)
        used[chosen[name]] += 1
    assert min(used.values()), "each format has a job"
    return chosen


@pytest.fixture(scope="module")
def jobs(
    deployment: Deployment, zoo: Zoo, formats: dict[str, str]
) -> Iterator[dict[str, Future[list[Any]]]]:
    """The lines of each model's job, which run a few at a time."""
    models = {
        one["LogicalResourceId"]: one["PhysicalResourceId"].rpartition("/")[2]
        for one in deployment.client("cloudformation").describe_stack_resources(
            StackName="tfbatch-zoo-inference"
        )["StackResources"]
        if one["ResourceType"] == "AWS::SageMaker::Model"
    }
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {
            name: pool.submit(_run, deployment, zoo.models[name], kind, models)
            for name, kind in formats.items()
        }


def _run(
    deployment: Deployment, animal: Animal, format_: str, models: dict[str, str]
) -> list[dict[str, Any]]:
    """Run a model's job over its records, and return its lines."""
    name = animal.name.replace("_", "-")
    logical = f"Model{name.replace('-', '')}Model"
    (model,) = [one for found, one in models.items() if found.startswith(logical)]
    payloads = payloads_of(animal, format_)
    objects = {f"{number:03}": body for number, (body, _) in enumerate(payloads)}
    source = {"S3DataType": "S3Prefix", "S3Uri": deployment.upload(name, objects)}
    target = f"s3://{deployment.outputs['OutputBucketName']}/{name}/"
    sagemaker = deployment.client("sagemaker")
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        BatchStrategy="MultiRecord" if format_ in SPLITS else "SingleRecord",
        TransformInput={
            "ContentType": FORMATS[format_][0],
            "SplitType": SPLITS.get(format_, "None"),
            "DataSource": {"S3DataSource": source},
        },
        TransformOutput={
            "S3OutputPath": target,
            "AssembleWith": "Line",
            "Accept": "application/jsonlines",
        },
        TransformResources={"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
    )
    waiter = sagemaker.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName=name, WaiterConfig=_PATIENCE)
    lines = b"".join(body for _, body in sorted(deployment.read(target).items()))
    return [json.loads(line) for line in lines.splitlines()]


@pytest.mark.parametrize("name", SERVED)
def test_a_job_gives_the_predictions_of_plain_tensorflow(
    zoo: Zoo, jobs: dict[str, Future[list[Any]]], name: str
) -> None:
    animal = zoo.models[name]
    rows = rows_of(animal, jobs[name].result())
    assert len(rows) == len(animal.predictions)
    for row, wanted in zip(rows, animal.predictions, strict=True):
        assert all(is_close(row[key], value) for key, value in wanted.items())
