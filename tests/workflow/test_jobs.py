"""A good request becomes a transform job that runs the deployed artifact, to its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stacks.workflow import fields
from tfbatch.demo.photos import Photos, collect

if TYPE_CHECKING:
    from tests.workflow.conftest import Deployment

CATS = {"tabby cat", "tiger cat", "Persian cat", "Siamese cat", "Egyptian Mau"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    return collect(tmp_path_factory.mktemp("photos") / "data")


@pytest.fixture(scope="module")
def jpegs(photos: Photos) -> dict[str, bytes]:
    chosen = ("cat.jpg", "coffee.jpg", "flower.jpg", "moon.jpg")
    return {name: (photos.directory / "photos" / name).read_bytes() for name in chosen}


def _succeeded(deployment: Deployment, request: dict[str, Any]) -> dict[str, Any]:
    ended = deployment.execute(request)
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
    report: dict[str, Any] = json.loads(ended["output"])
    return report


def _best(line: str) -> str:
    best: str = json.loads(line)["top_k"][0]["label"]
    return best


def test_photos_and_tfrecords_get_the_same_predictions(
    deployment: Deployment, photos: Photos, jpegs: dict[str, bytes]
) -> None:
    uri = deployment.upload("jpegs", jpegs)
    report = _succeeded(deployment, {"input": uri, "format": "jpeg"})
    assert set(report) == {fields.JOB, *fields.REQUEST}
    assert report["input"] == uri
    lines = {
        name.removesuffix(".out"): body.decode().splitlines()
        for name, body in deployment.read(report["output"]).items()
    }
    assert lines.keys() == jpegs.keys()
    assert all(len(one) == 1 for one in lines.values())
    assert _best(lines["cat.jpg"][0]) in CATS

    file, names = next(iter(photos.tfrecords.items()))
    packed = {file: (photos.directory / "tfrecords" / file).read_bytes()}
    uri = deployment.upload("records", packed)
    report = _succeeded(deployment, {"input": uri, "format": "tfrecord"})
    (output,) = deployment.read(report["output"]).values()
    labels = dict(zip(names, map(_best, output.decode().splitlines()), strict=True))
    assert {name: labels[name] for name in names if name in lines} == {
        name: _best(lines[name][0]) for name in names if name in lines
    }


def test_a_bad_photo_costs_one_line(deployment: Deployment, jpegs: dict[str, bytes]) -> None:
    objects = {"cat.jpg": jpegs["cat.jpg"], "note.jpg": b"this is no image"}
    report = _succeeded(
        deployment, {"input": deployment.upload("spoiled", objects), "format": "jpeg"}
    )
    outputs = deployment.read(report["output"])
    assert _best(outputs["cat.jpg.out"].decode()) in CATS
    assert json.loads(outputs["note.jpg.out"])["error"]["message"]


def test_a_failed_job_says_why_and_keeps_what_was_done(
    deployment: Deployment, jpegs: dict[str, bytes]
) -> None:
    objects = {"cat.jpg": jpegs["cat.jpg"], "huge.jpg": jpegs["cat.jpg"] + bytes(7 << 20)}
    output = f"s3://{deployment.outputs['OutputBucketName']}/failed/"
    ended = deployment.execute(
        {"input": deployment.upload("huge", objects), "format": "jpeg", "output": output}
    )
    assert (ended["status"], ended["error"]) == ("FAILED", fields.TRANSFORM_JOB_FAILED)
    assert "aws logs filter-log-events" in ended["cause"]
    assert output in ended["cause"]
    assert list(deployment.read(output)) == ["cat.jpg.out"]


def test_the_jobs_name_tells_of_its_execution(
    deployment: Deployment, jpegs: dict[str, bytes]
) -> None:
    uri = deployment.upload("named", {"cat.jpg": jpegs["cat.jpg"]})
    first, second = (
        _succeeded(deployment, {"input": uri, "format": "jpeg", "instances": 1}) for _ in range(2)
    )
    assert first["job"] != second["job"]
    sagemaker = deployment.client("sagemaker")
    job = sagemaker.describe_transform_job(TransformJobName=first["job"])
    tags = sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"]
    execution = next(tag["Value"] for tag in tags if tag["Key"] == "tfbatch:execution")
    assert execution[:8] in first["job"]


def test_a_person_with_the_export_lines_uses_the_real_aws_command_line(
    deployment: Deployment, jpegs: dict[str, bytes]
) -> None:
    def aws(*arguments: str) -> Any:  # noqa: ANN401 # whatever the API answers
        return json.loads(deployment.run("aws", *arguments, "--output", "json"))

    uri = deployment.upload("by-hand", {"cat.jpg": jpegs["cat.jpg"]})
    (machine,) = aws("stepfunctions", "list-state-machines")["stateMachines"]
    assert machine["stateMachineArn"] == deployment.outputs["StateMachineArn"]
    request = json.dumps({"input": uri, "format": "jpeg"})
    arn = aws(
        *("stepfunctions", "start-execution", "--name", "by-hand", "--input", request),
        *("--state-machine-arn", machine["stateMachineArn"]),
    )["executionArn"]
    deployment.execute({"input": uri, "format": "jpeg"})  # the first has ended, too, by then
    ended = aws("stepfunctions", "describe-execution", "--execution-arn", arn)
    assert ended["status"] == "SUCCEEDED"
    report = json.loads(ended["output"])
    job = aws("sagemaker", "describe-transform-job", "--transform-job-name", report["job"])
    assert job["TransformJobStatus"] == "Completed"
    assert "cat.jpg.out" in deployment.run("aws", "s3", "ls", report["output"])
    log = deployment.run(
        *("aws", "logs", "filter-log-events", "--log-group-name", "/aws/sagemaker/TransformJobs"),
        *("--log-stream-name-prefix", f"{report['job']}/"),
    )
    assert "Records" in log
