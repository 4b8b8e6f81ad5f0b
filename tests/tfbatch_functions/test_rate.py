"""The rate of answers whose times are known, and its interval against textbook values."""

from __future__ import annotations

import json
import random
import statistics

import pytest

from tfbatch.report.timeline import Timeline
from tfbatch_functions.throughput.rate import steady_rate
from tfbatch_handler.metrics import Progress

# Student's t, 97.5 %: 4, 9 and 19 degrees of freedom, from any table.
T = {1: 2.776, 2: 2.262, 4: 2.093}


def evenly(count: int, *, apart: float, start: float = 0.0) -> list[tuple[int, int]]:
    return [(round(start + number * apart), 1) for number in range(count)]


def test_sixty_answers_at_any_rate_are_told_apart() -> None:
    for rate in (20.0, 37.0, 61.3, 250.0):
        found = steady_rate([evenly(60, apart=1000 / rate)], in_flight=8)
        assert found is not None
        assert found.records_per_second == pytest.approx(rate, rel=0.02)


def test_the_ramps_at_both_ends_do_not_count() -> None:
    slow = [(number * 500, 1) for number in range(5)]
    steady = evenly(200, apart=10, start=slow[-1][0] + 10)
    last = [(steady[-1][0] + 700 * number, 1) for number in range(1, 5)]
    found = steady_rate([[*slow, *steady, *last]], in_flight=4)
    assert found is not None
    assert found.records_per_second == pytest.approx(100)
    assert found.interval == pytest.approx(0, abs=1e-9)


def test_an_answer_counts_its_records() -> None:
    found = steady_rate([[(at, 100) for at, _ in evenly(50, apart=40)]], in_flight=1)
    assert found is not None
    assert found.records_per_second == pytest.approx(2500)


@pytest.mark.parametrize("runs", [1, 2, 4])
def test_the_interval_is_that_of_the_parts_means(runs: int) -> None:
    rng = random.Random(runs)  # noqa: S311 # the same each time
    rates = [rng.uniform(50, 150) for _ in range(5 * runs)]
    answers = []
    for run in range(runs):
        at, times = 0.0, [0]
        for rate in rates[5 * run : 5 * run + 5]:
            for _ in range(100):
                at += 1000 / rate
                times.append(round(at))
        warm = [(-1000 * number, 1) for number in range(55, 0, -1)]
        answers.append([*warm, *((time, 1) for time in times), (times[-1] + 1, 1)])
    found = steady_rate(answers, in_flight=1)
    assert found is not None
    error = statistics.stdev(rates) / len(rates) ** 0.5
    mean = 1000 * runs * 500 / sum(one[-2][0] for one in answers)
    assert found.interval == pytest.approx(T[runs] * error / mean, rel=0.02)


@pytest.mark.parametrize("answers", [[], [(5, 1)], evenly(20, apart=50), [(7, 3)] * 100])
def test_too_few_answers_have_no_rate(answers: list[tuple[int, int]]) -> None:
    assert steady_rate([answers], in_flight=8) is None


def test_the_handler_tells_when_it_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [1_700_000_000.0, 1_700_000_000.004, 1_700_000_000.5]
    monkeypatch.setattr("time.time", lambda: moments[0])
    progress = Progress(model="m")
    while moments:
        progress.add(records=2, errors=0, seconds=0.1)
        moments.pop(0) if len(moments) > 1 else moments.clear()
    assert progress.timer is not None
    progress.timer.cancel()
    line = progress.line(1_700_000_001_000)
    timeline = Timeline()
    timeline.add(line)
    assert timeline.answers == [(1_700_000_000_000, 4), (1_700_000_000_500, 2)]
    assert len(json.dumps(json.loads(line))) < 1000


def test_lines_of_an_earlier_version_have_their_own_time() -> None:
    timeline = Timeline()
    timeline.add(json.dumps({"_aws": {"Timestamp": 5000}, "Records": 7}))
    assert timeline.answers == [(5000, 7)]


@pytest.mark.parametrize(
    "line",
    [
        '{"_aws":{"Timestamp":1e999,"CloudWatchMetrics":[]},"Records":1}',
        '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"Records":-5}',
        "[" * 100_000 + '"CloudWatchMetrics"',
    ],
    ids=["infinite", "negative", "nested"],
)
def test_a_report_ignores_lines_of_the_models_own_making(line: str) -> None:
    timeline = Timeline()
    timeline.add(line)
    assert not timeline.answers
