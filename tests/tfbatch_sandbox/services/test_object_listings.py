"""ListObjectsV2 lists what moto lists, whatever the keys."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import requests
from botocore.handlers import set_list_objects_encoding_type_url

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client

    from tfbatch_sandbox.sandbox import Sandbox

KEYS = ["a/1", "a/2", "a/<&>\"'", "a/ü ☃+%41", "b/x\r\n\ty", "b/c/d", "zz"]
FIELDS = ("IsTruncated", "CommonPrefixes", "MaxKeys", "Delimiter", "Name")


@pytest.fixture
def bucket(s3: S3Client) -> str:
    name = f"listed-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    for number, key in enumerate(KEYS):
        s3.put_object(Bucket=name, Key=key, Body=b"x" * number, ChecksumAlgorithm="SHA256")
    return name


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"Prefix": "a/"},
        {"Delimiter": "/"},
        {"Prefix": "b/", "Delimiter": "/"},
        {"Prefix": "nothing"},
        {"MaxKeys": 0},
    ],
    ids=str,
)
def test_what_is_listed_is_what_the_older_call_lists(
    asked: dict[str, Any], bucket: str, s3: S3Client
) -> None:
    older: Any = s3.list_objects(Bucket=bucket, **asked)
    found: Any = s3.list_objects_v2(Bucket=bucket, FetchOwner=True, **asked)
    for one in found.get("Contents", []):
        assert one.pop("ChecksumAlgorithm") == ["SHA256"]  # moto's older call doesn't tell
    assert found.get("Contents") == older.get("Contents")
    assert {one: found.get(one) for one in FIELDS} == {one: older.get(one) for one in FIELDS}
    count = len(found.get("Contents", [])) + len(found.get("CommonPrefixes", []))
    assert found["KeyCount"] == count


def test_every_key_is_on_one_page(bucket: str, s3: S3Client) -> None:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 2}
    )
    assert [one["Key"] for page in pages for one in page["Contents"]] == sorted(KEYS)
    first = s3.list_objects_v2(Bucket=bucket, Prefix="b/", Delimiter="/", MaxKeys=1)
    assert (first["CommonPrefixes"], first["KeyCount"]) == ([{"Prefix": "b/c/"}], 1)
    after = s3.list_objects_v2(Bucket=bucket, StartAfter="b/c/d")
    assert [one["Key"] for one in after["Contents"]] == ["b/x\r\n\ty", "zz"]


def test_keys_are_whole_without_an_encoding(
    bucket: str, sandbox: Sandbox, session: boto3.Session
) -> None:
    s3 = session.client("s3", endpoint_url=sandbox.endpoint_url)
    s3.meta.events.unregister(
        "before-parameter-build.s3.ListObjectsV2", set_list_objects_encoding_type_url
    )
    url = s3.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket})
    reply = requests.get(url, timeout=60)
    assert reply.headers["Content-Type"].startswith("application/xml")
    names = ET.fromstring(reply.content).iterfind("{*}Contents/{*}Key")  # noqa: S314
    assert [name.text for name in names] == sorted(KEYS)
