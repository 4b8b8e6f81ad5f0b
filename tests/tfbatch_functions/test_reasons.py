"""Why an object or a record has no prediction: said by the job's data log and by the outputs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.tfbatch_functions.conftest import HOSTILE, Event
from tfbatch_functions.accounting import job_logs
from tfbatch_functions.accounting.data_log import has_served, reasons
from tfbatch_functions.accounting.job_logs import GROUP
from tfbatch_functions.accounting.record_errors import error_reader
from tfbatch_functions.handlers import stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from tests.tfbatch_functions.conftest import World

FAILED: Event = {"status": "Failed", "reason": "AlgorithmError: See job logs for more information"}


def _tell(logs: Any, stream: str, *lines: str) -> None:  # noqa: ANN401 # a client
    logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    stamped = [
        {
            "timestamp": time.time_ns() // 1_000_000,
            "message": f"2026-11-22T10:14:00.1:[sagemaker logs]: {line}",
        }
        for line in lines
    ]
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=stamped)


@pytest.mark.aws
@pytest.mark.parametrize("client", [job_logs.client, stop._sagemaker])  # noqa: SLF001 # as they call
def test_a_service_that_nothing_leads_to_costs_less_than_a_minute(
    client: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client.cache_clear()  # type: ignore[attr-defined]
    config = client().meta.config
    client.cache_clear()  # type: ignore[attr-defined]
    assert config.connect_timeout * config.retries["total_max_attempts"] < 60


def test_a_lost_object_has_the_data_logs_reason(world: World, logs: Any) -> None:  # noqa: ANN401
    world.upload({"a.jpg": b"a", "b.jpg": b"b", "c.jpg": b"c"})
    world.plan()
    world.answer({"c.jpg": b"{}\n"})
    source = f"{world.input}/photos"
    _tell(
        logs,
        "tfbatch-night-1/i-1-2/data-log",
        "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=SINGLE_RECORD",
        f"{source}/a.jpg: ClientError: 413",
        f"{source}/a.jpg: ",
        f"{source}/a.jpg: Message:",
        f"{source}/a.jpg: Request Entity Too Large",
    )
    _tell(logs, "tfbatch-night-1/i-1-2", f"{source}/b.jpg: the container's own words")
    world.reconcile(final=True, **FAILED)
    found = world.lines(world.at_work("exceptions/00000.jsonl"))
    assert {one["key"]: one["reason"] for one in found} == {
        "photos/a.jpg": "ClientError: 413: Request Entity Too Large",
        "photos/b.jpg": f"tfbatch-night-1: {FAILED['reason']}",
    }


def test_keys_with_colons_and_other_marks_are_found_in_the_log(logs: Any) -> None:  # noqa: ANN401
    wanted = [f"bucket/{key}" for key in (*HOSTILE, "a: b: c.jpg") if "\n" not in key]
    _tell(logs, "tfbatch-odd-1/i-1/data-log", *(f"{one}: because: of {one}" for one in wanted))
    found = reasons("tfbatch-odd-1", set(wanted), logs=logs)
    assert found == {one: f"because: of {one}"[:500] for one in wanted}


def test_a_log_that_is_not_there_has_told_nothing(s3: S3Client) -> None:
    client: Any = boto3.client("logs", endpoint_url=s3.meta.endpoint_url)
    assert reasons("tfbatch-none-1", {"bucket/key"}, logs=client) == {}


@pytest.mark.parametrize(
    ("lines", "has"),
    [
        (("MaxConcurrentTransforms=8, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD",), True),
        (("Unable to get response from algorithm", "/ping never answered 200"), False),
        ((), None),
    ],
)
def test_the_log_tells_whether_a_container_served(
    lines: tuple[str, ...],
    *,
    has: bool | None,
    logs: Any,  # noqa: ANN401
) -> None:
    job = f"tfbatch-served-{has}"
    if lines:
        _tell(logs, f"{job}/i-1/data-log", *lines)
    assert has_served(job, logs=logs) is has


@pytest.mark.parametrize(
    ("answers", "joined", "line", "says"),
    [
        ("", False, b'{"error":{"code":"C","message":"m","record":0}}', "C: m"),
        ("application/json", False, b'{"error":[0.5]}', None),
        ("", True, b'{"id":7,"SageMakerOutput":{"error":{"code":"C","message":"m"}}}', "C: m"),
        ("", True, b'{"SageMakerInput":[1],"SageMakerOutput":{"error": "torn"}}', "torn"),
        ("", True, b'{"error":{"code":"C","message":"m"},"SageMakerOutput":{"y":1}}', None),
        ("", True, b'["SageMakerOutput", "error"]', None),
        ("", True, b'{"SageMakerOutput" "error"', None),
        (
            "text/csv",
            False,
            b"error,InvalidRecord,no number in column 2",
            "InvalidRecord: no number in column 2",
        ),
        ("text/csv", False, b'error,C,"a, b"', "C: a, b"),
        ("text/csv; charset=utf-8", False, b"error,C,m\r", "C: m"),
        ("text/csv", False, b"error,0.5", None),
        ("text/csv", False, b"0.5,error,C,m", None),
        ("text/csv", True, b"1,2,x,error,C,m", "C: m"),
        ("text/csv", True, b"1,error,0.25,0.75,0.1", None),
    ],
)
def test_a_records_error_is_told_from_a_prediction(
    answers: str, *, joined: bool, line: bytes, says: str | None
) -> None:
    assert error_reader(answers, joined=joined)(line) == says


def test_every_attempt_of_a_round_is_counted_and_what_never_started_costs_nothing(
    world: World,
) -> None:
    world.upload({"a.jpg": b"a"})
    planned = world.plan()
    world.answer({"a.jpg": b"{}\n"})
    tried = {"status": "Failed", "instanceType": "ml.g6.xlarge", "instances": 2}
    scarce = tried | {
        "name": "tfbatch-night-0",
        "reason": "CapacityError",
        "startedAt": None,
        "endedAt": None,
    }
    broken = tried | {
        "name": "tfbatch-night-1",
        "reason": "InternalServerError",
        "startedAt": "2026-11-22T09:00:00Z",
        "endedAt": "2026-11-22T09:05:00Z",
    }
    world.reconcile(final=True, tries=[scarce, broken], name="tfbatch-night-2")
    summary = world.summarize(planned, usdPerHour={"ml.g5.xlarge": 1.2, "ml.g6.xlarge": 0.6})
    assert summary["jobs"] == 3
    assert summary["instanceSeconds"] == 2 * 300 + 2 * 600
    assert summary["usd"] == pytest.approx(2 * 300 / 3600 * 0.6 + 2 * 600 / 3600 * 1.2)
