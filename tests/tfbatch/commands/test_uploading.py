"""Uploads, to a bucket of a sandbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest

from tfbatch.records import tfrecord
from tfbatch.run.sources import find
from tfbatch.run.upload import DIGEST, Destination, upload
from tfbatch.terminal.output import Output
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Client]:
    with Sandbox.start(state_dir=tmp_path_factory.mktemp("sandbox")) as sandbox:
        given = sandbox.environment
        client = boto3.client(
            "s3",
            endpoint_url=given["AWS_ENDPOINT_URL"],
            region_name=sandbox.region,
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_bucket(Bucket="input")
        yield client


@pytest.fixture
def to(s3: S3Client, request: pytest.FixtureRequest) -> Destination:
    return Destination(s3=s3, bucket="input", prefix=f"{request.node.name[:40]}/")


def test_what_was_cut_off_is_taken_up_where_it_stood(
    tmp_path: Path, to: Destination, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(5):
        (tmp_path / f"{number}.bin").write_bytes(bytes([number]) * 9)
    upload(find([str(tmp_path / "[01].bin")]), to, Output(as_json=False))
    assert upload(find([str(tmp_path)]), to, Output(as_json=False)) == to.uri
    assert "3 files uploaded" in (said := capsys.readouterr().out)
    assert "2 were there already" in said
    (tmp_path / "0.bin").write_bytes(b"123456789")  # of the same size
    upload(find([str(tmp_path)]), to, Output(as_json=False))
    assert "1 file uploaded" in capsys.readouterr().out
    body = to.s3.get_object(Bucket=to.bucket, Key=f"{to.prefix}0.bin")["Body"].read()
    assert body == b"123456789"


def test_what_lies_there_from_before_is_not_run(tmp_path: Path, to: Destination) -> None:
    to.s3.put_object(Bucket=to.bucket, Key=f"{to.prefix}old.bin", Body=b"x")
    (tmp_path / "new.bin").write_bytes(b"x")
    uri = upload(find([str(tmp_path)]), to, Output(as_json=False))
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    listed = json.load(to.s3.get_object(Bucket=bucket, Key=key)["Body"])
    assert listed == [{"prefix": to.uri}, "new.bin"]
    assert not key.startswith(to.prefix)


def test_a_tfrecord_file_says_how_many_records_it_holds(tmp_path: Path, to: Destination) -> None:
    tfrecord.write(tmp_path / "whole", (b"record" for _ in range(7)))
    torn = (tmp_path / "whole").read_bytes()[:-3]
    (tmp_path / "torn").write_bytes(torn)
    upload(find([str(tmp_path)]), to, Output(as_json=False))
    told = {
        name: to.s3.head_object(Bucket=to.bucket, Key=to.prefix + name)["Metadata"]
        for name in ("whole", "torn")
    }
    assert told["whole"]["records"] == "7"
    assert list(told["torn"]) == [DIGEST]
