"""Counting records from the log streams of a transform job."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tfbatch.aws.job_log import LOG_GROUP, JobLog
from tfbatch.terminal.progress import RecordCount
from tfbatch_handler.metrics import Progress as HandlerProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs import CloudWatchLogsClient


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudWatchLogsClient]:
    """CloudWatch Logs as the sandbox serves it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sandbox")
    # Another folder's sandbox may be named in this process until its end.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws() as mocked:
        mocked.reset()  # what an earlier test of this process left, wherever it ran
        yield boto3.client("logs", region_name="us-east-1")


def counted(records: int, errors: int = 0, *, at: float = 0.0) -> str:
    """Return the line that the handler prints, ``at`` seconds after some time."""
    ends = 1_700_000_000_000 + int(at * 1000)
    progress = HandlerProgress(model="m", records=records, errors=errors, requests=records)
    progress.answers = [[ends - 1000, 0], [ends, records]]
    return progress.line(ends)


def write(logs: CloudWatchLogsClient, stream: str, *lines: str) -> None:
    """Append lines to a log stream, made when missing."""
    names = {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]}
    if LOG_GROUP not in names:
        logs.create_log_group(logGroupName=LOG_GROUP)
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": line} for line in lines]
    logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]


PRINTING = """
from tfbatch_handler.metrics import Progress
progress = Progress(model="m")
for _ in range(3):
    progress.add(records=1, errors=0, seconds=0.1)
progress.close()
progress.close()
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_handler_prints_a_line_in_one_write_for_workers_share_their_output(
    unbuffered: str,
) -> None:
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with its:
            environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
            subprocess.run(
                [sys.executable, "-c", PRINTING], stdout=its.fileno(), env=environment, check=True
            )
        written = ours.recv(10_000)
        assert json.loads(written)["Records"] == 3
        assert written.endswith(b"\n")
        assert ours.recv(10_000) == b""


def test_before_the_first_container_writes_nothing_is_done(logs: CloudWatchLogsClient) -> None:
    count = RecordCount(log=JobLog(logs=logs, job="job"))
    count.update()
    assert count.records == 0


def test_the_counts_of_all_instances_add_up(logs: CloudWatchLogsClient) -> None:
    write(logs, "job/i-1", "gunicorn starts", counted(3), counted(4, errors=1))
    write(logs, "job/i-2", counted(5))
    write(logs, "job-of-another/i-1", counted(100))
    count = RecordCount(log=JobLog(logs=logs, job="job"))
    count.update()
    assert (count.records, count.errors) == (12, 1)


def test_each_line_counts_once_however_often_one_looks(logs: CloudWatchLogsClient) -> None:
    count = RecordCount(log=JobLog(logs=logs, job="job"))
    for done in (2, 3):
        write(logs, "job/i-1", counted(done))
        count.update()
        count.update()
    assert count.records == 5


def test_a_models_own_metrics_are_not_records(logs: CloudWatchLogsClient) -> None:
    other = json.dumps({"_aws": {"CloudWatchMetrics": []}, "Latency": 3})
    write(logs, "job/i-1", other, '"CloudWatchMetrics" in prose')
    count = RecordCount(log=JobLog(logs=logs, job="job"))
    count.update()
    assert count.records == 0


def test_the_time_is_from_the_first_record_to_the_last(logs: CloudWatchLogsClient) -> None:
    write(logs, "job/i-1", counted(10, at=1.0), counted(20, at=2.0))
    write(logs, "job/i-2", counted(30, at=4.0))
    count = RecordCount(log=JobLog(logs=logs, job="job"))
    assert count.seconds == 0.0
    count.update()
    assert count.seconds == 4.0  # the first line is of the second before it


@pytest.mark.parametrize(
    "line",
    [
        '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"Records":1e999,"RecordErrors":0}',
        "[" * 100_000 + '"CloudWatchMetrics"',
    ],
    ids=["infinite", "nested"],
)
def test_lines_of_the_models_own_making_are_not_counted(
    logs: CloudWatchLogsClient, line: str
) -> None:
    write(logs, "job/i-1", line, counted(3))
    count = RecordCount(log=JobLog(logs=logs, job="job"))
    count.update()
    assert count.records == 3
