"""Inputs that nobody designed for: accounted for exactly, or refused in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.executions import exceptions_of, photo, request_for, summary_of
from tests.tfbatch_functions.conftest import HOSTILE
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from tests.deployment import Deployment


def test_keys_of_every_kind_have_their_predictions(deployment: Deployment) -> None:
    longest = "k" * (1024 - len("hostile/") - len(".jpg")) + ".jpg"
    objects = {name: photo(1) for name in (*HOSTILE, longest, "a: b.jpg", "$^{}[]%#~|.jpg")}
    ended = deployment.execute(request_for(deployment.upload("hostile", objects)))
    summary = summary_of(ended)
    assert summary["inputs"] == len(objects)
    found = deployment.read(json.loads(ended["output"])["output"])
    told = found.get("exceptions.jsonl", b"").splitlines()
    lost = {json.loads(line)["key"].removeprefix("hostile/") for line in told}
    # Its output's key is longer than S3 admits, where S3 looks.
    assert lost <= {longest}
    manifest = [json.loads(line) for line in found["predictions.manifest.jsonl"].splitlines()]
    inputs = f"s3://{deployment.input_bucket}/hostile/"
    assert {one["input"].removeprefix(inputs) for one in manifest} == set(objects) - lost


def test_formats_mixed_in_one_folder_are_all_told(deployment: Deployment) -> None:
    objects = {"a.jpg": photo(1), "notes.txt": b"hello", "b.csv": b"1,2,3\n", "c.jpg": photo(2)}
    ended = deployment.execute(request_for(deployment.upload("mixed", objects)))
    summary = summary_of(ended)
    assert (summary["inputs"], summary["recordErrors"]) == (4, 2)
    told = {one["key"].rpartition("/")[2] for one in exceptions_of(deployment, ended)}
    assert told == {"notes.txt", "b.csv"}


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ([], "its first element is missing"),
        ([{"prefix": "s3://{input}/manifests/"}], "Nothing lies under input"),
        ([{"prefix": "s3://{input}/manifests/"}, "none.jpg"], "is not there: upload it"),
        ([{"prefix": "s3://{input}/manifests/"}, 7], "element 1 is 7, not the name of an object"),
        ([{"prefix": "s3://someone-elses-bucket/"}, "a.jpg"], "someone-elses-bucket"),
        ({"prefix": "s3://{input}/"}, "it is not a JSON array"),
    ],
)
def test_a_manifest_that_cannot_be_run_is_refused_in_words(
    deployment: Deployment, manifest: object, says: str
) -> None:
    body = json.dumps(manifest).replace("{input}", deployment.input_bucket).encode()
    uri = deployment.upload("manifests", {"some.manifest": body})
    ended = deployment.execute(request_for(f"{uri}some.manifest"))
    assert ended["status"] == "FAILED"
    assert ended["error"] in ("BadManifest", fields.EMPTY_INPUT)
    assert says in ended["cause"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("instances", 0),
        ("instances", 1e9),
        ("instances", 1.5),
        ("instances", [1]),
        ("deadline_minutes", -1),
        ("budget_usd", "5"),
        ("max_exceptions", -0.1),
        ("dry_run", "yes"),
        ("key", "../up"),
        ("key", "k" * 129),
        ("model", "$states.input"),
        ("format", "{% $stage %}"),
        ("output", "s3://{output}"[:5]),
        ("input", "s3://" + "b" * 64 + "/"),
        ("$merge([{}, $stage])", 1),
        ("{% $stage %}", "' & $stage & '"),
    ],
)
def test_values_that_are_programs_or_out_of_range_are_shown_and_not_run(
    deployment: Deployment, field: str, value: object
) -> None:
    request = request_for(f"s3://{deployment.input_bucket}/odd/", **{field: value})
    ended = deployment.execute(request)
    assert (ended["status"], ended["error"]) == ("FAILED", fields.INVALID_REQUEST)
    assert ended["cause"].startswith(f"{field} ") or f"{field}: not a field" in ended["cause"]


def test_a_very_long_string_is_refused_and_not_repeated_whole(deployment: Deployment) -> None:
    ended = deployment.execute({"input": "x" * 100_000, "format": "jpeg"})
    assert ended["error"] == fields.INVALID_REQUEST
    assert len(ended["cause"]) < 1000


def test_an_output_inside_the_input_is_refused(deployment: Deployment) -> None:
    output = deployment.outputs["OutputBucketName"]
    s3 = deployment.client("s3")
    s3.put_object(Bucket=output, Key="again/a.jpg", Body=photo(1))
    inside = request_for(f"s3://{output}/again/", output=f"s3://{output}/again/out/")
    ended = deployment.execute(inside)
    assert ended["status"] == "FAILED"
    assert ended["error"] == fields.INVALID_REQUEST
    manifest = json.dumps([{"prefix": f"s3://{output}/again/"}, "a.jpg"]).encode()
    uri = deployment.upload("inside", {"some.manifest": manifest})
    ended = deployment.execute(
        request_for(f"{uri}some.manifest", output=f"s3://{output}/again/out/")
    )
    assert (ended["status"], ended["error"]) == ("FAILED", "OutputInsideInput")
    assert "use a folder outside" in ended["cause"]


def test_a_listing_that_outlasts_a_call_is_gone_on_with(deployment: Deployment) -> None:
    """Every call of the function that plans stops after one page, of a thousand names."""
    names = [f"{number:04}.jpg" for number in range(1100)]
    body = json.dumps([{"prefix": f"s3://{deployment.input_bucket}/paged/"}, *names]).encode()
    deployment.upload("paged", dict.fromkeys(names, b"1"))
    uri = deployment.upload("paged-list", {"all.manifest": body})
    awslambda = deployment.client("lambda")
    (function,) = (
        one["FunctionName"]
        for one in awslambda.list_functions()["Functions"]
        if "Plan" in one["FunctionName"] and "-dev-" in one["FunctionName"]
    )
    reserve = {"Variables": {"TFBATCH_RESERVE_SECONDS": "100000"}}
    awslambda.update_function_configuration(FunctionName=function, Environment=reserve)
    try:
        ended = deployment.execute(request_for(f"{uri}all.manifest", dry_run=True))
    finally:
        awslambda.update_function_configuration(
            FunctionName=function, Environment={"Variables": {}}
        )
    assert ended["status"] == "SUCCEEDED", ended
    plan = json.loads(ended["output"])["plan"]
    assert (plan["objects"], plan["shards"]) == (1100, 11)
    history = deployment.client("stepfunctions").get_execution_history(
        executionArn=ended["executionArn"]
    )["events"]
    calls = [
        one
        for one in history
        if one["type"] == "TaskStateEntered" and one["stateEnteredEventDetails"]["name"] == "Plan"
    ]
    assert len(calls) == 2
