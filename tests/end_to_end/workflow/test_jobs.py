"""A good request becomes a transform job that runs the deployed artifact, to its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tfbatch.demo.photos import Photos, collect
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from tests.deployment import Deployment

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


def _outputs(deployment: Deployment, uri: str) -> dict[str, bytes]:
    """The predictions under a run's output, without what the run says of itself."""
    found = deployment.read(uri)
    return {name: body for name, body in found.items() if name.endswith(".out")}


def _best(line: str) -> str:
    best: str = json.loads(line)["top_k"][0]["label"]
    return best


@pytest.fixture(scope="module")
def run(deployment: Deployment, jpegs: dict[str, bytes]) -> dict[str, Any]:
    """An execution over photographs that came to a good end."""
    uri = deployment.upload("jpegs", jpegs)
    ended = deployment.execute({"input": uri, "format": "jpeg", "instances": 1})
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
    return ended


def test_photos_and_tfrecords_get_the_same_predictions(
    deployment: Deployment, run: dict[str, Any], photos: Photos, jpegs: dict[str, bytes]
) -> None:
    report = json.loads(run["output"])
    assert report["summary"]["balanced"]
    assert report["input"] == json.loads(run["input"])["input"]
    lines = {
        name.removesuffix(".out"): body.decode().splitlines()
        for name, body in _outputs(deployment, report["output"]).items()
    }
    assert lines.keys() == jpegs.keys()
    assert all(len(one) == 1 for one in lines.values())
    assert _best(lines["cat.jpg"][0]) in CATS

    file, names = next(iter(photos.tfrecords.items()))
    packed = {file: (photos.directory / "tfrecords" / file).read_bytes()}
    uri = deployment.upload("records", packed)
    report = _succeeded(deployment, {"input": uri, "format": "tfrecord"})
    (output,) = _outputs(deployment, report["output"]).values()
    labels = dict(zip(names, map(_best, output.decode().splitlines()), strict=True))
    assert {name: labels[name] for name in names if name in lines} == {
        name: _best(lines[name][0]) for name in names if name in lines
    }


def _lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.decode().splitlines()]


def test_a_bad_photo_costs_one_line_and_is_listed(
    deployment: Deployment, jpegs: dict[str, bytes]
) -> None:
    objects = {"cat.jpg": jpegs["cat.jpg"], "note.jpg": b"this is no image"}
    uri = deployment.upload("spoiled", objects)
    report = _succeeded(deployment, {"input": uri, "format": "jpeg", "model": "tiny"})
    outputs = deployment.read(report["output"])
    assert "top_k" in json.loads(outputs["cat.jpg.out"])
    assert json.loads(outputs["note.jpg.out"])["error"]["message"]
    (exception,) = _lines(outputs["exceptions.jsonl"])
    assert exception["key"].endswith("spoiled/note.jpg")
    assert "_EXCEPTIONS" in outputs
    assert "_SUCCESS" not in outputs
    assert (report["summary"]["recordErrors"], report["summary"]["balanced"]) == (1, True)


def test_a_run_says_of_itself_what_became_of_every_input(
    deployment: Deployment, run: dict[str, Any], jpegs: dict[str, bytes]
) -> None:
    report = json.loads(run["output"])
    uri, found = report["input"], deployment.read(report["output"])
    assert json.loads(found["summary.json"])["outputs"] == len(jpegs)
    pairs = {one["input"]: one["output"] for one in _lines(found["predictions.manifest.jsonl"])}
    assert pairs == {f"{uri}{name}": f"{report['output']}{name}.out" for name in jpegs}
    assert found["_SUCCESS"] is not None
    assert f"{len(jpegs)} of {len(jpegs)} objects" in report["summary"]["text"]


def test_a_photo_larger_than_the_settings_payload_is_planned_for(
    deployment: Deployment, jpegs: dict[str, bytes]
) -> None:
    objects = {"huge.jpg": jpegs["cat.jpg"] + bytes(7 << 20)}
    report = _succeeded(deployment, {"input": deployment.upload("huge", objects), "format": "jpeg"})
    assert report["plan"]["maxPayloadInMB"] == 8
    assert report["plan"]["maxConcurrentTransforms"] == 12
    (output,) = _outputs(deployment, report["output"]).values()
    assert _best(output.decode()) in CATS


def test_a_torn_file_is_tried_again_and_then_listed_while_the_others_are_done(
    deployment: Deployment, photos: Photos
) -> None:
    files = {
        name: (photos.directory / "tfrecords" / name).read_bytes() for name in photos.tfrecords
    }
    whole, torn, *_ = files
    objects = {whole: files[whole], torn: files[torn][:-1000]}
    uri = deployment.upload("torn", objects)
    report = _succeeded(deployment, {"input": uri, "format": "tfrecord", "model": "tiny"})
    summary = report["summary"]
    assert (summary["inputs"], summary["outputs"], summary["exceptions"]) == (2, 1, 1)
    assert summary["rounds"] == 3
    (exception,) = _lines(deployment.read(report["output"])["exceptions.jsonl"])
    assert exception["key"].endswith(torn)
    assert "See job logs" not in exception["reason"]  # but what the data log says of the file
    assert list(_outputs(deployment, report["output"])) == [f"{whole}.out"]


def test_too_many_exceptions_fail_the_run_but_lose_nothing(
    deployment: Deployment, jpegs: dict[str, bytes]
) -> None:
    objects = {"cat.jpg": jpegs["cat.jpg"], "note.jpg": b"this is no image"}
    output = f"s3://{deployment.outputs['OutputBucketName']}/limited/"
    ended = deployment.execute(
        {
            "input": deployment.upload("limited", objects),
            "format": "jpeg",
            "model": "tiny",
            "output": output,
            "max_exceptions": 0,
        }
    )
    assert (ended["status"], ended["error"]) == ("FAILED", fields.TOO_MANY_EXCEPTIONS)
    assert "1 exceptions are more than max_exceptions = 0" in ended["cause"]
    assert "cat.jpg.out" in deployment.read(output)


def test_a_dry_run_plans_and_runs_no_job(deployment: Deployment, jpegs: dict[str, bytes]) -> None:
    uri = deployment.upload("dry", jpegs)
    report = _succeeded(deployment, {"input": uri, "format": "jpeg", "dry_run": True})
    assert report["plan"]["objects"] == len(jpegs)
    assert "USD" in report["plan"]["estimate"]
    assert deployment.read(report["output"]) == {}


def test_a_budget_that_is_too_small_is_refused_with_the_estimate(
    deployment: Deployment, jpegs: dict[str, bytes]
) -> None:
    uri = deployment.upload("poor", jpegs)
    ended = deployment.execute({"input": uri, "format": "jpeg", "budget_usd": 0.01})
    assert (ended["status"], ended["error"]) == ("FAILED", "BudgetExceeded")
    assert "budget_usd = 0.01: About 5 minutes and 0.09 USD for 4 records" in ended["cause"]


def test_one_key_runs_once(deployment: Deployment, jpegs: dict[str, bytes]) -> None:
    uri = deployment.upload("once", {"cat.jpg": jpegs["cat.jpg"]})
    request = {"input": uri, "format": "jpeg", "model": "tiny", "key": "nightly-2026-11-22"}
    first, second = _succeeded(deployment, request), _succeeded(deployment, request)
    assert first["summary"]["outputs"] == 1
    assert second["duplicate"] is True
    assert "A request with the key nightly-2026-11-22 ran before" in second["text"]
    assert first["output"].split("/")[3] in second["execution"]


def test_a_key_is_not_spent_by_a_dry_run_or_a_refused_plan(
    deployment: Deployment, jpegs: dict[str, bytes]
) -> None:
    uri = deployment.upload("unspent", {"cat.jpg": jpegs["cat.jpg"]})
    request = {"input": uri, "format": "jpeg", "model": "tiny", "key": "unspent"}
    assert _succeeded(deployment, request | {"dry_run": True})["plan"]["objects"] == 1
    assert deployment.execute(request | {"budget_usd": 0.01})["error"] == "BudgetExceeded"
    assert _succeeded(deployment, request)["summary"]["outputs"] == 1


def test_the_jobs_name_tells_of_its_execution(deployment: Deployment, run: dict[str, Any]) -> None:
    (job,) = deployment.jobs(run["executionArn"])
    sagemaker = deployment.client("sagemaker")
    tags = sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"]
    assert {"Key": "tfbatch:execution", "Value": run["name"]} in tags
    assert {"Key": "tfbatch:shard", "Value": "00000"} in tags


def test_a_person_with_the_export_lines_uses_the_real_aws_command_line(
    deployment: Deployment, jpegs: dict[str, bytes]
) -> None:
    def aws(*arguments: str) -> Any:  # noqa: ANN401 # whatever the API answers
        return json.loads(deployment.run("aws", *arguments, "--output", "json"))

    uri = deployment.upload("by-hand", {"cat.jpg": jpegs["cat.jpg"]})
    machines = aws("stepfunctions", "list-state-machines")["stateMachines"]
    machine = deployment.outputs["StateMachineArn"]
    assert machine in {one["stateMachineArn"] for one in machines}
    request = {"input": uri, "format": "jpeg", "model": "tiny"}
    arn = aws(
        *("stepfunctions", "start-execution", "--name", "by-hand", "--input", json.dumps(request)),
        *("--state-machine-arn", machine),
    )["executionArn"]
    deployment.wait(arn)
    ended = aws("stepfunctions", "describe-execution", "--execution-arn", arn)
    assert ended["status"] == "SUCCEEDED"
    report = json.loads(ended["output"])
    name = deployment.jobs(arn)[0]["TransformJobName"]
    job = aws("sagemaker", "describe-transform-job", "--transform-job-name", name)
    assert job["TransformJobStatus"] == "Completed"
    assert "cat.jpg.out" in deployment.run("aws", "s3", "ls", report["output"])
    log = deployment.run(
        *("aws", "logs", "filter-log-events", "--log-group-name", "/aws/sagemaker/TransformJobs"),
        *("--log-stream-name-prefix", f"{name}/"),
    )
    assert "Records" in log
