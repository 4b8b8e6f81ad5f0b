"""Requests that fail on demand: refused, torn, wrong, late, or done without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.executions import failing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tfbatch_sandbox.services.conftest import Jobs

TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def s3(jobs: Jobs) -> Iterator[Any]:
    made = jobs.session.client("s3", endpoint_url=jobs.sandbox.endpoint_url, config=ONCE)
    made.put_object(Bucket="stand-in", Key="faults/a", Body=b"four")
    yield made
    jobs.sandbox.faults(requests=[])


def _body(s3: Any, key: str = "faults/a") -> bytes:  # noqa: ANN401 # a client
    body: bytes = s3.get_object(Bucket="stand-in", Key=key)["Body"].read()
    return body


def test_only_the_requests_that_are_meant_fail(jobs: Jobs, s3: Any) -> None:  # noqa: ANN401
    slow = failing("s3:GetObject", "SlowDown", status=503, about="faults/a")
    jobs.sandbox.faults(requests=[slow | {"after": 1, "times": 2}])
    s3.put_object(Bucket="stand-in", Key="faults/b", Body=b"b")
    assert (_body(s3), _body(s3, "faults/b")) == (b"four", b"b")
    for _ in range(2):
        with pytest.raises(ClientError, match="SlowDown"):
            _body(s3)
    assert _body(s3) == b"four"
    assert jobs.sandbox.faults()["requests"] == []


@pytest.mark.parametrize(("how", "error"), [("fail", ClientError), ("drop", BotoCoreError)])
def test_a_request_whose_answer_is_lost_was_done(
    jobs: Jobs,
    s3: Any,  # noqa: ANN401
    how: str,
    error: type[Exception],
) -> None:
    jobs.sandbox.faults(requests=[{"action": "s3:PutObject", "how": how}])
    with pytest.raises(error):
        s3.put_object(Bucket="stand-in", Key=f"faults/{how}", Body=b"done")
    assert _body(s3, f"faults/{how}") == b"done"


@pytest.mark.parametrize("how", ["halve", "change"])
def test_the_sdk_finds_a_body_that_is_torn_or_wrong(jobs: Jobs, s3: Any, how: str) -> None:  # noqa: ANN401
    jobs.sandbox.faults(requests=[{"action": "s3:GetObject", "how": how}])
    with pytest.raises(BotoCoreError):
        _body(s3)
    assert _body(s3) == b"four"


def test_a_listing_with_short_pages_lists_everything(jobs: Jobs, s3: Any) -> None:  # noqa: ANN401
    for name in "bcdef":
        s3.put_object(Bucket="stand-in", Key=f"short/{name}", Body=b"x")
    jobs.sandbox.faults(requests=[{"action": "s3:ListBucket", "how": "shorten", "times": 9}])
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="stand-in", Prefix="short/"))
    assert [len(page["Contents"]) for page in pages] == [2, 2, 1]


@pytest.mark.parametrize(
    ("service", "action", "call", "arguments"),
    [
        (
            "sns",
            "sns:Publish",
            "publish",
            {"Message": "m", "TopicArn": TOPIC},
        ),
        ("events", "events:PutEvents", "put_events", {"Entries": [{"Source": "s"}]}),
        ("lambda", "lambda:InvokeFunction", "invoke", {"FunctionName": "f"}),
        ("s3", "s3:ListBucket", "head_bucket", {"Bucket": "stand-in"}),
    ],
)
def test_every_protocol_gets_its_own_kind_of_error(
    jobs: Jobs,
    service: Any,  # noqa: ANN401
    action: str,
    call: str,
    arguments: dict[str, Any],
) -> None:
    made = jobs.session.client(service, endpoint_url=jobs.sandbox.endpoint_url, config=ONCE)
    jobs.sandbox.faults(requests=[failing(action, "ThrottlingException", status=429)])
    with pytest.raises(ClientError) as refused:
        getattr(made, call)(**arguments)
    told = refused.value.response
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert told["ResponseMetadata"]["RequestId"]
    if call != "head_bucket":  # which has no body
        assert told["Error"]["Code"] == "ThrottlingException"
