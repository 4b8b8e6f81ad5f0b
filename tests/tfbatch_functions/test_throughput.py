"""What an estimate takes for an instance's throughput: the most trustworthy of what is known."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tfbatch_functions.accounting.job_logs import GROUP
from tfbatch_functions.throughput.assumed import assumed
from tfbatch_handler.metrics import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.tfbatch_functions.conftest import Event, World

UNSAID = {"recordsPerSecond": None}
BEGAN = 1_000 * int(time.time() - 600)
_JOB = "tfbatch-night-1"


def _estimate(world: World, **fleet: Any) -> str:  # noqa: ANN401 # of any type
    estimate: str = world.plan(fleet=fleet or UNSAID)["estimate"]
    return estimate


def _run(world: World, records: int, **job: Any) -> Event:  # noqa: ANN401
    """A run of one object with so many records."""
    planned = world.plan()
    world.answer({"a.jpg": b"{}\n" * records})
    world.reconcile(final=True, **job)
    return world.summarize(planned)


def _container(
    logs: Any,  # noqa: ANN401 # a client
    stream: str,
    answers: Sequence[tuple[int, int]],
) -> None:
    """What the handler's own Progress writes, a line a second, among other lines."""
    lines = ["2026-11-22 10:04:01: loading the model", '{"of": "the model"}']
    for start in range(0, len(answers), 50):
        part = [[BEGAN + at, records] for at, records in answers[start : start + 50]]
        counted = sum(records for _, records in part)
        progress = Progress(model="resnet50", records=counted, requests=len(part), answers=part)
        lines.append(progress.line(part[-1][0]))
    events = [{"timestamp": BEGAN + number, "message": line} for number, line in enumerate(lines)]
    logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def _evenly(count: int, *, a_second: float, jitter: float = 0.0) -> list[tuple[int, int]]:
    chance = random.Random(7)  # noqa: S311 # spreads, keeps no secret
    moments = (1000 * (number + jitter * chance.random()) / a_second for number in range(count))
    return [(round(moment), 1) for moment in sorted(moments)]


@pytest.fixture(autouse=True)
def _an_input(world: World) -> None:
    world.upload({"a.jpg": b"1"})


def test_settings_come_before_the_tuner_and_the_tuner_before_the_last_run(
    world: World,
    logs: Any,  # noqa: ANN401
) -> None:
    assert "at 320 records/s an instance (assumed: " in _estimate(world)
    _container(logs, f"{_JOB}/i-1", _evenly(600, a_second=80))
    _run(world, 1200)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert f"at 80 records/s an instance (run night, {today})" in _estimate(world)
    tuned = json.dumps({"recordsPerSecond": 312.5, "date": "2026-10-31"}).encode()
    key = "throughput/resnet50/jpeg/ml.g5.xlarge.tuned.json"
    world.s3.put_object(Bucket=world.work, Key=key, Body=tuned)
    assert "at 312.5 records/s an instance (the tuner, 2026-10-31)" in _estimate(world)
    stated = _estimate(world, recordsPerSecond=250.0)
    assert "at 250 records/s an instance (settings)" in stated


def test_the_start_and_the_end_of_a_job_do_not_count(world: World, logs: Any) -> None:  # noqa: ANN401
    """Its instances are paid for ten minutes, in which each predicted for 7.5 seconds."""
    for instance in ("i-1", "i-2"):
        _container(logs, f"{_JOB}/{instance}", _evenly(600, a_second=80))
        logs.create_log_stream(logGroupName=GROUP, logStreamName=f"{_JOB}/{instance}/data-log")
    summary = _run(world, 1200)
    assert summary["recordsPerInstanceSecond"] == 1.0
    assert summary["instanceRate"]["recordsPerSecond"] == pytest.approx(80, rel=0.01)
    assert summary["instanceRate"]["interval"] < 0.01


def test_another_types_figure_says_nothing(world: World, logs: Any) -> None:  # noqa: ANN401
    _container(logs, f"{_JOB}/i-1", _evenly(600, a_second=80))
    _run(world, 600)
    other = {"instanceType": "ml.g6.xlarge"} | UNSAID
    assert "assumed" in _estimate(world, **other)


def test_the_rate_is_that_of_the_type_that_worked_longest(world: World, logs: Any) -> None:  # noqa: ANN401
    _container(logs, f"{_JOB}/i-1", _evenly(600, a_second=80))
    short: Event = {
        "name": "tfbatch-night-0",
        "status": "Failed",
        "reason": None,
        "startedAt": "2026-11-22T10:03:00Z",
        "endedAt": "2026-11-22T10:03:10Z",
        "instanceType": "ml.g6.xlarge",
        "instances": 2,
    }
    planned = world.plan()
    world.answer({"a.jpg": b"{}\n" * 600})
    world.reconcile(final=True, tries=[short])
    assert world.summarize(planned)["instanceRate"]["instanceType"] == "ml.g5.xlarge"
    assert "at 80 records/s" in _estimate(world)


@pytest.mark.parametrize(
    "answers",
    [
        _evenly(20, a_second=80),
        [(at * (1 if at < 3000 else 9), records) for at, records in _evenly(600, a_second=80)],
    ],
    ids=["few", "of two speeds"],
)
def test_what_is_uncertain_is_not_kept(
    world: World,
    logs: Any,  # noqa: ANN401
    answers: list[tuple[int, int]],
) -> None:
    _container(logs, f"{_JOB}/i-1", answers)
    _run(world, 600)
    assert "assumed" in _estimate(world)


def test_a_run_whose_logs_are_gone_has_no_rate_and_no_error(world: World) -> None:
    assert _run(world, 5000)["instanceRate"] is None
    assert "assumed" in _estimate(world)


@pytest.mark.parametrize(
    "line",
    [
        '{"_aws":{"Timestamp":1e999,"CloudWatchMetrics":[]},"Records":1}',
        '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"Records":' + "9" * 400 + "}",
        '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"Records":-5}',
        "[" * 100_000 + '"CloudWatchMetrics"',
    ],
    ids=["infinite", "huge", "negative", "nested"],
)
def test_no_line_of_the_models_own_making_fails_a_run_or_counts(
    world: World,
    logs: Any,  # noqa: ANN401
    line: str,
) -> None:
    _container(logs, f"{_JOB}/i-1", _evenly(600, a_second=80))
    event = {"timestamp": BEGAN + 1000, "message": line}
    logs.put_log_events(logGroupName=GROUP, logStreamName=f"{_JOB}/i-1", logEvents=[event])
    rate = _run(world, 600)["instanceRate"]["recordsPerSecond"]
    assert rate == pytest.approx(80, rel=0.01)


def test_answers_without_a_record_have_no_rate_and_no_error(world: World, logs: Any) -> None:  # noqa: ANN401
    answers = [(at, 0) for at, _ in _evenly(600, a_second=80)]
    _container(logs, f"{_JOB}/i-1", answers)
    assert _run(world, 600)["instanceRate"] is None


def test_what_is_assumed_depends_on_the_type() -> None:
    """By hand: 4 vCPUs are 2 cores, and 2 / 6.3 ms is 317 a second; 86.3 ms with the network."""
    assert assumed("ml.g5.xlarge")[0] == 320
    assert assumed("ml.g5.2xlarge")[0] == 630
    assert assumed("ml.c5.xlarge")[0] == 23
    assert assumed("ml.g4dn.4xlarge")[0] == 390  # its T4 does 394, where 16 vCPUs feed 1,270
    assert assumed("ml.p3.2xlarge")[0] == 630
    assert assumed("ml.p3.8xlarge")[0] == 1000  # of one V100
    assert "4 vCPUs" in assumed("ml.g5.xlarge")[1]
