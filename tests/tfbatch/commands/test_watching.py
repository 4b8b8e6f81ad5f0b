"""What a snapshot of an execution says, from what AWS tells."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from tfbatch.terminal.output import Output
from tfbatch.watch import words
from tfbatch.watch.lines import Lines
from tfbatch.watch.observer import states
from tfbatch.watch.screen import render
from tfbatch.watch.snapshot import Job, Shard, Snapshot

START = datetime(2026, 11, 22, tzinfo=UTC)
DEFINITION: dict[str, Any] = {
    "States": {
        "Read": {"Type": "Pass"},
        "Claim": {"Type": "Task"},
        "Plan": {"Type": "Task"},
        "Transform": {"Type": "Map"},
        "Summarize": {"Type": "Task"},
    }
}
PLAN = {
    "objects": 40,
    "bytes": 4_000_000,
    "records": 4000,
    "recordsAre": "counted",
    "shards": 20,
    "estimatedMinutes": 5.2,
    "estimatedUsd": 0.5,
}


def entered(name: str, seconds: float) -> dict[str, Any]:
    at = START + timedelta(seconds=seconds)
    return {"timestamp": at, "stateEnteredEventDetails": {"name": name}}


def left(name: str, seconds: float) -> dict[str, Any]:
    at = START + timedelta(seconds=seconds)
    return {"timestamp": at, "stateExitedEventDetails": {"name": name}}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("RUNNING", {"Plan": "done", "Transform": "running", "Summarize": "waiting"}),
        ("FAILED", {"Plan": "done", "Transform": "failed"}),
    ],
)
def test_states_light_up_and_those_passed_by_are_left_out(
    status: str, expected: dict[str, str]
) -> None:
    history = [entered("Read", 0), left("Read", 0), entered("Plan", 0), left("Plan", 2)]
    history.append(entered("Transform", 2))
    found = states(DEFINITION, history, status=status, now=START + timedelta(seconds=9))
    assert {state.name: state.status for state in found} == expected
    assert [state.seconds for state in found][:2] == [2.0, 7.0]


def job(shard: int, records: int, status: str = "InProgress", **more: Any) -> Job:  # noqa: ANN401
    given: dict[str, Any] = {
        "name": f"job-{shard}",
        "shard": f"{shard:05}",
        "attempt": 1,
        "status": status,
        "instance_type": "ml.g5.xlarge",
        "instances": 2,
        "seconds": 100.0,
        "records": records,
        "errors": 0,
        "record_seconds": 10.0,
        "usd": 0.08,
    }
    return Job(**given | more)


def snapshot(shards: tuple[Shard, ...], jobs: tuple[Job, ...], **more: Any) -> Snapshot:  # noqa: ANN401
    given: dict[str, Any] = {
        "name": "photos",
        "arn": "arn:aws:states:us-east-1:1:execution:machine:photos",
        "status": "RUNNING",
        "started": START,
        "seconds": 120.0,
        "request": {},
        "plan": PLAN,
    }
    return Snapshot(**given | more, shards=shards, jobs=jobs)


def shard(number: int, records: int, found: Job | None, *, done: bool = False) -> Shard:
    return Shard(
        name=f"{number:05}", total=200, records=records, exceptions=1, is_done=done, job=found
    )


def test_the_whole_is_the_sum_of_its_shards() -> None:
    jobs = (job(0, 200, "Completed"), job(1, 100))
    seen = snapshot((shard(0, 200, jobs[0], done=True), shard(1, 100, jobs[1])), jobs)
    assert (seen.records, seen.exceptions, seen.instances) == (300, 2, 2)
    assert seen.records_per_second == 10.0
    assert seen.seconds_left == 10.0  # as long as the shard that is not done
    assert seen.usd == pytest.approx(0.16)
    assert words.totals(seen) == (
        "300 of 4,000 records · 10.0 records/s · 2 instances · 2 exceptions · 0.16 USD so far · "
        "2 min 0 s elapsed · about 10 s left"
    )


def test_an_estimate_that_was_too_low_gives_way_to_what_was_found() -> None:
    plan = {**PLAN, "records": 1, "shards": 1}
    jobs = (job(0, 20, "Completed"),)
    running = snapshot((shard(0, 20, jobs[0]),), jobs, plan=plan)
    done = snapshot((shard(0, 20, jobs[0], done=True),), jobs, plan={**plan, "records": 90})
    assert (running.total, done.total) == (20, 20)


def test_before_the_first_record_the_plan_says_how_long() -> None:
    seen = snapshot((shard(0, 0, None),), ())
    assert seen.seconds_left == 5.2 * 60 - 120
    assert snapshot((), (), plan=None).seconds_left is None


def test_a_type_without_a_price_leaves_the_money_unknown() -> None:
    jobs = (job(0, 1), job(1, 1, usd=None))
    assert snapshot((), jobs).usd is None


@pytest.mark.parametrize("width", [80, 120])
def test_of_many_shards_those_that_move_are_shown(width: int) -> None:
    jobs = tuple(job(number, 100) for number in range(17, 20))
    shards = tuple(
        shard(number, 200, None, done=True)
        if number < 17
        else shard(number, 100, jobs[number - 17])
        for number in range(20)
    )
    file = io.StringIO()
    Console(file=file, width=width).print(render(snapshot(shards, jobs), width=width))
    drawn = file.getvalue()
    assert all(f"{number:05}" in drawn for number in (17, 18, 19))
    assert "and 8 more; 17 of 20 shards are done" in drawn
    assert re.search(r"● +00018 +━+ +100 of 200 +10.0/s +10 s left", drawn), drawn
    assert ("2 ml.g5.xlarge" in drawn) == (width == 120)
    assert "Plan: 40 objects (4.0 MB), 4,000 records, 20 jobs" in drawn


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.44, "9.4 s"), (59.6, "60 s"), (192, "3 min 12 s"), (7500, "2 h 5 min")],
)
def test_durations_are_read_at_a_glance(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        (None, "no price known"),
        (0.0, "0.00 USD"),
        (0.00123, "0.0012 USD"),
        (1234.5, "1,234.50 USD"),
    ],
)
def test_money_keeps_the_digits_that_count(usd: float | None, said: str) -> None:
    assert words.money(usd) == said


def test_lines_say_what_a_job_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(output=Output(as_json=False))
    for status, records in (("Starting", 0), ("Starting", 0), ("InProgress", 0), ("InProgress", 4)):
        found = job(0, records, status)
        lines.show(snapshot((shard(0, records, found),), (found,)))
    said = capsys.readouterr().out.splitlines()
    assert said.count("Shard 00000: starting the container …") == 1
    assert said.count("Shard 00000: loading the model …") == 1
