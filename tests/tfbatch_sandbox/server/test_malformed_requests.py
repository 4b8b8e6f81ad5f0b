"""Requests that no SDK sends are refused in AWS's words, and do nothing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
import requests
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest

from tfbatch_sandbox.authorization.s3_calls import deletions

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3
    from mypy_boto3_s3 import S3Client

    from tfbatch_sandbox.sandbox import Sandbox

QUERY = {"Content-Type": "application/x-www-form-urlencoded"}
ATTACH = "Action=AttachRolePolicy&Version=2010-05-08&RoleName=none"
ADD_TAGS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "SageMaker.AddTags",
}


def _sent(
    signer: type[SigV4Auth],
    request: AWSRequest,
    service: str,
    sandbox: Sandbox,
    session: boto3.Session,
) -> requests.Response:
    credentials = session.get_credentials()
    assert credentials
    assert request.url
    signer(credentials, service, sandbox.region).add_auth(request)
    headers = dict(request.headers.items())
    return requests.post(request.url, data=request.data, headers=headers, timeout=60)


@pytest.mark.parametrize(
    ("service", "body", "headers", "status", "code"),
    [
        ("iam", ATTACH, QUERY, 404, "NoSuchEntity"),
        ("iam", f"{ATTACH}&PolicyArn.a=arn:aws:iam::aws:policy/x", QUERY, 404, "NoSuchEntity"),
        ("sagemaker", '{"ResourceArn":{"a":":"}}', ADD_TAGS, 400, "ValidationException"),
        ("sagemaker", '{"ResourceArn":["arn:aws"]}', ADD_TAGS, 400, "ValidationException"),
    ],
)
def test_a_parameter_of_another_type_is_refused(  # noqa: PLR0913, PLR0917
    service: str,
    body: str,
    headers: Mapping[str, str],
    status: int,
    code: str,
    sandbox: Sandbox,
    session: boto3.Session,
) -> None:
    request = AWSRequest("POST", sandbox.endpoint_url + "/", data=body, headers=dict(headers))
    reply = _sent(SigV4Auth, request, service, sandbox, session)
    assert (reply.status_code, code in reply.text) == (status, True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<Delete",
        "<Delete/>",
        "<Delete><Object/></Delete>",
        "<Delete><Object>a</Object></Delete>",
        "<Delete><Object><VersionId>a</VersionId></Object></Delete>",
        "<Delete><Object><Key>a</Key></Object><Object/></Delete>",
    ],
)
def test_a_malformed_list_deletes_nothing(
    body: str, s3: S3Client, sandbox: Sandbox, session: boto3.Session
) -> None:
    bucket = f"malformed-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    url = f"{sandbox.endpoint_url}/{bucket}?delete"
    request = AWSRequest("POST", url, data=body)
    reply = _sent(S3SigV4Auth, request, "s3", sandbox, session)
    assert (reply.status_code, "MalformedXML" in reply.text) == (400, True)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a"]


def test_the_spaces_of_a_key_count_when_it_is_deleted() -> None:
    (call,) = deletions("bucket", b"<Delete>\n<Object><Key> a </Key></Object>\n</Delete>")
    assert (call.action, call.resource) == ("s3:DeleteObject", "arn:aws:s3:::bucket/ a ")
