"""Calls for an object alone get the answers that moto gives to all the others."""

from __future__ import annotations

import contextlib
import http.client
import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.utils import percent_encode

from tests.tfbatch_sandbox.roles import allow, document, make_role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ServerSideEncryptionByDefaultTypeDef

    from tfbatch_sandbox.sandbox import Sandbox

MOTOS = {"x-amz-request-payer": "requester"}
"""A header that leads a call past the short way, and changes nothing of its answer."""
SHA256 = "X/M4vVZ4dWWaM6nBF6FvSr5yNvjYJVGS3wZ0Qm5vdYA="  # pragma: allowlist secret
CRC32 = {"x-amz-sdk-checksum-algorithm": "CRC32", "x-amz-checksum-crc32": "vpvvmw=="}
OF_SDKS = CRC32 | {
    "amz-sdk-request": "attempt=1",
    "x-amz-meta-records": "7",
    "x-amz-checksum-mode": "ENABLED",
    "x-amz-checksum-sha256": SHA256,
}
"""Headers of the calls that SDKs make of themselves."""
OF_FLASK = "access-control-allow-origin"
"""What every answer has that came through it."""
OF_THE_CALL = {"date", "x-amzn-requestid", "server", OF_FLASK}
OF_THE_PUT = {
    *("last-modified", "x-amz-version-id"),
    "content-type",  # Flask gives nothing a type
    "x-amz-sdk-checksum-algorithm",  # S3 doesn't return it
}
"""What the answers to two puts of the same needn't have in common."""
Answer = tuple[int, "Mapping[str, str]", bytes]
KEYS = ["plain", "with space/+%é☃.jpg", "two//slashes", "../dots", "/first"]


@pytest.fixture
def bucket(s3: S3Client) -> str:
    name = f"objects-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def call(sandbox: Sandbox, session: boto3.Session) -> Callable[..., Answer]:
    def made(  # noqa: PLR0913, PLR0917 - the parts of a call
        method: str,
        bucket: str,
        key: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        keys: boto3.Session = session,
    ) -> Answer:
        credentials = keys.get_credentials()
        assert credentials
        path = f"/{bucket}/{percent_encode(key, safe='/~')}"
        url = f"{sandbox.endpoint_url}{path}"
        request = AWSRequest(method, url, data=body, headers=dict(headers or {}))
        S3SigV4Auth(credentials, "s3", sandbox.region).add_auth(request)
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, dict(request.headers.items()))
            reply = connection.getresponse()
            told = {name.lower(): value for name, value in reply.getheaders()}
            assert told["x-amzn-requestid"]
            is_motos = any(name not in OF_SDKS for name in headers or {})
            assert (OF_FLASK in told) == (is_motos or reply.status != HTTPStatus.OK)
            shown = {name: value for name, value in told.items() if name not in OF_THE_CALL}
            return reply.status, shown, reply.read()

    return made


def _of_a_put(answer: Answer) -> Answer:
    status, headers, body = answer
    return status, {name: headers[name] for name in headers if name not in OF_THE_PUT}, body


@pytest.mark.parametrize("key", KEYS)
def test_what_is_put_is_got_either_way(
    key: str, bucket: str, s3: S3Client, call: Callable[..., Answer]
) -> None:
    assert call("PUT", bucket, key, b"short")[0] == 200
    assert call("GET", bucket, key, headers=MOTOS)[2] == b"short"
    assert call("PUT", bucket, key, b"moto's", headers=MOTOS)[0] == 200
    assert call("GET", bucket, key)[2] == b"moto's"
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


@pytest.mark.parametrize("body", [b"", b"x", b"y" * 3_000_000], ids=len)
@pytest.mark.parametrize("kind", ["plain", "versioned", "encrypted"])
def test_answers_are_motos(
    kind: str, body: bytes, bucket: str, s3: S3Client, call: Callable[..., Answer]
) -> None:
    if kind == "versioned":
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    if kind == "encrypted":
        default: ServerSideEncryptionByDefaultTypeDef = {"SSEAlgorithm": "aws:kms"}
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
            },
        )
    ours, motos = (call("PUT", bucket, "key", body, headers=each) for each in ({}, MOTOS))
    assert _of_a_put(ours) == _of_a_put(motos)
    for method in ("GET", "HEAD"):
        assert call(method, bucket, "key") == call(method, bucket, "key", headers=MOTOS)


def test_what_sdks_add_is_kept_as_moto_keeps_it(
    bucket: str, s3: S3Client, call: Callable[..., Answer]
) -> None:
    answers = []
    for more in ({}, MOTOS):
        put = call("PUT", bucket, "key", b"short", headers=OF_SDKS | more)
        head = s3.head_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")
        shown = {name: head[name] for name in ("ChecksumCRC32", "Metadata", "ETag")}
        for method in ("HEAD", "GET"):
            got = [call(method, bucket, "key", headers=OF_SDKS | each) for each in ({}, MOTOS)]
            assert got[0] == got[1]
        answers.append((_of_a_put(put), shown, _of_a_put(got[0])))
    assert answers[0] == answers[1]
    assert answers[0][1]["Metadata"] == {"records": "7"}


def test_a_checksum_that_is_announced_and_missing_is_left_to_moto(
    bucket: str, call: Callable[..., Answer]
) -> None:
    announced = {"x-amz-sdk-checksum-algorithm": "CRC64NVME", "x-amz-request-payer": "requester"}
    assert call("PUT", bucket, "key", b"short", headers=announced)[0] == 200


def test_what_is_known_of_an_object_is_shown(
    bucket: str, s3: S3Client, call: Callable[..., Answer]
) -> None:
    s3.put_object(
        Bucket=bucket,
        Key="key",
        Body=b"1",
        ContentType="image/jpeg",
        ContentEncoding="gzip",
        Metadata={"records": "7"},
        Tagging="a=b",
    )
    assert call("HEAD", bucket, "key") == call("HEAD", bucket, "key", headers=MOTOS)
    shown = call("GET", bucket, "key")
    assert shown == call("GET", bucket, "key", headers=MOTOS)
    assert shown[1]["content-type"] == "image/jpeg"
    assert shown[1]["x-amz-meta-records"] == "7"
    assert shown[1]["x-amz-tagging-count"] == "1"


def test_an_object_that_takes_anothers_place_has_nothing_of_it(
    bucket: str, s3: S3Client, call: Callable[..., Answer]
) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", Metadata={"a": "b"}, Tagging="a=b")
    call("PUT", bucket, "key", b"2")
    assert s3.get_object_tagging(Bucket=bucket, Key="key")["TagSet"] == []
    assert s3.head_object(Bucket=bucket, Key="key")["Metadata"] == {}


@pytest.mark.parametrize(
    ("method", "key", "headers", "status"),
    [
        ("GET", "not-there", {}, 404),
        ("HEAD", "not-there", {}, 404),
        ("GET", "key", {"Range": "bytes=1-2"}, 206),
        ("GET", "key", {"If-None-Match": "*"}, 200),
        ("PUT", "key", {"If-None-Match": "*"}, 412),
        ("PUT", "k" * 1025, {}, 400),
        ("PUT", "key", {"x-amz-storage-class": "NONE"}, 400),
    ],
)
def test_what_asks_for_more_is_left_to_moto(  # noqa: PLR0913, PLR0917
    method: str,
    key: str,
    headers: dict[str, str],
    status: int,
    bucket: str,
    call: Callable[..., Answer],
) -> None:
    call("PUT", bucket, "key", b"0123")
    body = b"1" if method == "PUT" else b""
    ours = call(method, bucket, key, body, headers=headers)
    assert ours[0] == status
    assert ours[0] == call(method, bucket, key, body, headers=headers | MOTOS)[0]


def test_a_role_is_refused_and_the_refusal_says_what_it_lacks(
    bucket: str, sandbox: Sandbox, session: boto3.Session, call: Callable[..., Answer]
) -> None:
    iam = session.client("iam", endpoint_url=sandbox.endpoint_url)
    own = f"arn:aws:s3:::{bucket}/own/*"
    arn = make_role(iam, "reader", {"AWS": "*"}, allow("s3:GetObject", on=own))
    sts = session.client("sts", endpoint_url=sandbox.endpoint_url)
    given = sts.assume_role(RoleArn=arn, RoleSessionName="reader")["Credentials"]
    reader = boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], sandbox.region
    )
    for key in ("own/key", "other/key"):
        call("PUT", bucket, key, b"1")
    assert call("GET", bucket, "own/key", keys=reader)[0] == 200
    assert call("HEAD", bucket, "other/key", keys=reader)[0] == 403
    status, _, body = call("GET", bucket, "other/key", keys=reader)
    assert (status, b"s3:GetObject on resource" in body) == (403, True)
    status, _, body = call("PUT", bucket, "own/key", b"2", keys=reader)
    assert (status, b"s3:PutObject on resource" in body) == (403, True)
    assert call("GET", bucket, "own/key")[2] == b"1"


def test_a_buckets_policy_is_asked(bucket: str, s3: S3Client, call: Callable[..., Answer]) -> None:
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/secret/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=document(denied))
    call("PUT", bucket, "secret/key", b"1")
    assert call("GET", bucket, "secret/key")[0] == 403


def test_events_are_sent(
    bucket: str, s3: S3Client, sandbox: Sandbox, session: boto3.Session, call: Callable[..., Answer]
) -> None:
    sqs = session.client("sqs", endpoint_url=sandbox.endpoint_url)
    queue = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    arn = f"arn:aws:sqs:{sandbox.region}:{sandbox.account_id}:{bucket}"
    events = ["s3:ObjectCreated:*", "s3:ObjectTagging:*"]  # none of the latter
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": events}]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration=configuration,  # type: ignore[arg-type]
    )
    call("PUT", bucket, "key", b"1")
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    records = [json.loads(one["Body"]).get("Records", []) for one in messages]
    assert [one["s3"]["object"]["key"] for (one,) in filter(None, records)] == ["key"]
