"""Uploads, to a bucket of a sandbox."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import boto3
import pytest
from botocore.exceptions import ClientError

from tfbatch.records import tfrecord
from tfbatch.run.small_files import SmallFiles
from tfbatch.run.sources import find
from tfbatch.run.upload import DIGEST, Destination, upload
from tfbatch.terminal.output import Output
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox.start(state_dir=tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="module")
def s3(sandbox: Sandbox) -> S3Client:
    given = sandbox.environment
    client = boto3.client(
        "s3",
        endpoint_url=given["AWS_ENDPOINT_URL"],
        region_name=sandbox.region,
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket="input")
    return client


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


def test_many_small_files_of_any_name_arrive_with_their_checksums(
    tmp_path: Path, to: Destination
) -> None:
    names = [
        "plain",
        "with space+%é☃~.jpg",
        "a=b&c;d/deeper/(x).png",
        "e'f!*,.gif",
        *map(str, range(40)),
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode() * 100)
    assert upload(find([str(tmp_path)]), to, Output(as_json=False)) == to.uri
    assert to.sizes() == {name: len(name.encode()) * 100 for name in names}
    for name in names:
        body = name.encode() * 100
        found = to.s3.get_object(Bucket=to.bucket, Key=to.prefix + name)
        assert found["Body"].read() == body
        assert found["Metadata"] == {DIGEST: hashlib.sha256(body).hexdigest()}


class _Struggling(BaseHTTPRequestHandler):
    """An S3 that first slows down, then hangs up, then works, for each object."""

    protocol_version = "HTTP/1.1"
    puts: ClassVar[list[str]] = []
    log_message = staticmethod(lambda *_: None)  # type: ignore[assignment]

    def do_PUT(self) -> None:  # http.server's name
        self.rfile.read(int(self.headers["Content-Length"]))
        self.puts.append(self.path)
        count = self.puts.count(self.path)
        if "first" not in self.path and count == 2:
            self.close_connection = True
            return
        self.send_response(503 if "first" not in self.path and count == 1 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_what_fails_once_is_sent_again_by_botocore() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Struggling) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        s3 = boto3.Session("key", "secret", region_name="eu-west-1").client("s3", endpoint_url=url)
        small = SmallFiles(s3=s3, bucket="input")
        for name in ("first", "second", "third"):
            small.put(name, b"body", {})
        server.shutdown()
    assert [path.rpartition("/")[2] for path in _Struggling.puts] == [
        "first",
        *["second"] * 3,
        *["third"] * 3,
    ]


def test_what_s3_refuses_is_told_with_its_reason(to: Destination) -> None:
    small = SmallFiles(s3=to.s3, bucket=to.bucket)
    small.put(f"{to.prefix}first", b"first", {})
    with pytest.raises(ClientError, match="KeyTooLongError"):
        small.put("k" * 1025, b"", {})


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
