"""A wrong request ends FAILED with an error name and a cause that a person can act on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.executions import photos, request_for, summary_of
from tests.stages import FAR_BUCKET, MISSING_BUCKET
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from tests.deployment import Deployment


def _refused(deployment: Deployment, request: object) -> tuple[str, str]:
    ended = deployment.execute(request)
    assert ended["status"] == "FAILED"
    return ended["error"], ended["cause"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"format": "jpeg"}, ["input is missing: write it as s3://bucket/folder/."]),
        ({"input": "s3://{input}/a/"}, ["format is missing: use one of jpeg, tfrecord, joined."]),
        (
            {"input": "photos", "format": "jpeg"},
            ['input = "photos" is not an S3 URI: write it as s3://bucket/folder/.'],
        ),
        (
            {"input": 7, "format": "jpeg"},
            ["input = 7 is not an S3 URI"],
        ),
        (
            {"input": "s3://someone-elses/a/", "format": "jpeg"},
            ["is in a bucket that this deployment may not read", "Stage.input_buckets"],
        ),
        (
            {"input": "s3://{input}/a/", "format": "png"},
            ['format = "png" is not known: use one of jpeg, tfrecord, joined.'],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "model": "resnet"},
            ['model = "resnet" is not deployed: use one of efficientnet-lite0, tiny, broken, '],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "model": "vector"},
            [
                'format = "jpeg" does not fit the model "vector": an image is one string of bytes',
                "(x: float[?,3])",
                "Use tfrecord or joined.",
            ],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "instances": 99},
            ["instances = 99 is not a whole number from 1 to 4"],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "instances": "2"},
            ['instances = "2" is not a whole number'],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "output": "s3://{input}/out/"},
            ["is not in the output bucket"],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "instance_types": ["p3.2xlarge"]},
            ['instance_types = ["p3.2xlarge"] is not a list of g5.xlarge, g6.xlarge, g4dn.xlarge'],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "instance_types": "g5.xlarge"},
            ['instance_types = "g5.xlarge" is not a list', "Compute.instance_types"],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "instance_types": []},
            ["instance_types = [] is not a list"],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "max_payload_mb": 101},
            ["max_payload_mb = 101 is not a whole number from 1 to 100"],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "max_concurrent_transforms": 0},
            ["max_concurrent_transforms = 0 is not a whole number"],
        ),
        (
            {
                "input": "s3://{input}/a/",
                "format": "jpeg",
                "max_concurrent_transforms": 64,
                "max_payload_mb": 2,
            },
            ["max_concurrent_transforms = 64 times a payload of 2 MB", "use at most 50"],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "max_concurrent_transforms": 17},
            ["max_concurrent_transforms = 17 times a payload of 6 MB", "use at most 16"],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "batch_strategy": "Multi"},
            ['batch_strategy = "Multi" is not known: use one of SingleRecord, MultiRecord.'],
        ),
        (
            {
                "input": "s3://{input}/a/",
                "format": "jpeg",
                "environment": {"TFBATCH_TOP_K": "3", "PYTHONPATH": "x"},
            },
            ["is not an object with texts for TFBATCH_TOP_K, TFBATCH_OUTPUT"],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "environment": {"TFBATCH_TOP_K": 3}},
            ['environment = {"TFBATCH_TOP_K":3} is not an object with texts for'],
        ),
        (
            {"input": "s3://{input}/a/", "format": "jpeg", "formt": "jpeg"},
            ["formt: not a field of a request; the fields are"],
        ),
        (
            {"input": None, "format": None, "model": 'quo"te\n'},
            ["input = null is not", "format = null is not known", 'model = "quo"te\n"'],
        ),
        (["not", "an", "object"], ["input is missing", "format is missing"]),
    ],
)
def test_every_wrong_field_is_named_with_its_value_and_the_remedy(
    deployment: Deployment, request_: dict[str, object] | list[str], says: list[str]
) -> None:
    if isinstance(request_, dict):
        request_ = {
            name: value.replace("{input}", deployment.input_bucket)
            if isinstance(value, str)
            else value
            for name, value in request_.items()
        }
    error, cause = _refused(deployment, request_)
    assert error == fields.INVALID_REQUEST
    for text in says:
        assert text in cause


def test_a_request_changes_its_jobs_within_what_the_stage_permits(deployment: Deployment) -> None:
    uri = deployment.upload("changed", photos(3))
    request = request_for(
        uri,
        instance_types=["g6.xlarge"],
        max_payload_mb=1,
        max_concurrent_transforms=64,
        batch_strategy="MultiRecord",
        environment={"TFBATCH_TOP_K": "2"},
    )
    arn = deployment.start(request)
    ended = deployment.wait(arn)
    summary_of(ended)
    (job,) = deployment.jobs(arn)
    assert job["TransformResources"]["InstanceType"] == "ml.g6.xlarge"
    assert (job["MaxPayloadInMB"], job["MaxConcurrentTransforms"]) == (1, 64)
    assert job["BatchStrategy"] == "MultiRecord"
    assert job["Environment"]["TFBATCH_TOP_K"] == "2"
    lines = deployment.read(json.loads(ended["output"])["output"])
    (line,) = json.loads(lines["00000.jpg.out"]).values()
    assert len(line) == 2  # of three classes


def test_a_larger_payload_lowers_the_concurrency_that_nobody_asked_for(
    deployment: Deployment,
) -> None:
    uri = deployment.upload("larger", photos(1))
    arn = deployment.start(request_for(uri, max_payload_mb=30))
    summary_of(deployment.wait(arn))
    (job,) = deployment.jobs(arn)
    assert (job["MaxPayloadInMB"], job["MaxConcurrentTransforms"]) == (30, 3)
    assert job["Environment"]["TFBATCH_OUTPUT"] == "top_k"  # the Model's, which requests may set


def test_an_empty_prefix_is_said_with_what_to_upload(deployment: Deployment) -> None:
    uri = f"s3://{deployment.input_bucket}/nothing-here/"
    error, cause = _refused(deployment, {"input": uri, "format": "jpeg"})
    assert error == fields.EMPTY_INPUT
    assert f"Nothing lies under input = {uri}" in cause


def test_a_folder_mark_is_no_input(deployment: Deployment) -> None:
    uri = deployment.upload("marked", {"": b""})
    error, _ = _refused(deployment, {"input": uri, "format": "jpeg"})
    assert error == fields.EMPTY_INPUT


def test_a_prefix_is_a_folder_and_takes_no_sibling(deployment: Deployment) -> None:
    deployment.upload("siblings_old", {"a.jpg": b"not asked for"})
    uri = f"s3://{deployment.input_bucket}/siblings"
    error, cause = _refused(deployment, {"input": uri, "format": "jpeg"})
    assert error == fields.EMPTY_INPUT
    assert f"{uri}/" in cause


def test_another_regions_bucket_is_named_with_its_region(deployment: Deployment) -> None:
    deployment.client("s3").create_bucket(
        Bucket=FAR_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    error, cause = _refused(deployment, {"input": f"s3://{FAR_BUCKET}/a/", "format": "jpeg"})
    assert error == fields.INPUT_BUCKET_IN_OTHER_REGION
    assert f"s3://{FAR_BUCKET} is in eu-west-1 and this deployment in us-east-1" in cause
    assert "aws s3 sync" in cause


def test_a_bucket_that_is_not_there_is_said(deployment: Deployment) -> None:
    error, cause = _refused(deployment, {"input": f"s3://{MISSING_BUCKET}/a/", "format": "jpeg"})
    assert error == fields.INPUT_BUCKET_NOT_READABLE
    assert f"s3://{MISSING_BUCKET} can not be read" in cause
