"""The search, over instances that are formulas: it finds the knee, and knows when to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tfbatch.tune.chart import svg
from tfbatch.tune.explanation import explain
from tfbatch.tune.sweep import Found, knee, search
from tfbatch.tune.trial import Knobs, Trial

if TYPE_CHECKING:
    from collections.abc import Callable

START = Knobs(concurrency=1, payload_mb=1)


def instance(rate: Callable[[Knobs], float]) -> tuple[Callable[[Knobs], Trial], list[Knobs]]:
    """A way to measure, and what was asked of it."""
    asked: list[Knobs] = []

    def measure(knobs: Knobs) -> Trial:
        asked.append(knobs)
        found = rate(knobs)
        latency = round(1000 * knobs.concurrency / found) if found else None
        return Trial(knobs=knobs, rate=found, latency_ms=latency)

    return measure, asked


def saturating(most: float) -> Callable[[Knobs], float]:
    """10 records/s for each request in flight, up to ``most``."""
    return lambda knobs: min(10.0 * knobs.concurrency, most)


def found_by(rate: Callable[[Knobs], float], **more: bool) -> tuple[Found, list[Knobs]]:
    measure, asked = instance(rate)
    found = search(measure, START, most=64, thorough=more.get("thorough", False))
    assert found is not None
    return found, asked


@pytest.mark.parametrize(("most", "at"), [(10, 1), (80, 8), (81, 8), (100, 16), (10_000, 64)])
def test_the_knee_is_where_doubling_stops_helping(most: float, at: int) -> None:
    found, _ = found_by(saturating(most))
    assert found.knee.knobs.concurrency == at


def test_two_doublings_that_bring_nothing_are_enough() -> None:
    _, asked = found_by(saturating(40))
    assert [knobs.concurrency for knobs in asked] == [1, 2, 4, 8, 16]


def test_a_dip_is_not_the_end() -> None:
    rates = {1: 10, 2: 20, 4: 15, 8: 70, 16: 71, 32: 72}
    found, _ = found_by(lambda knobs: float(rates[knobs.concurrency]))
    assert found.knee.knobs.concurrency == 8


def test_payload_times_concurrency_stays_within_what_sagemaker_admits() -> None:
    measure, asked = instance(saturating(10_000))
    search(measure, Knobs(concurrency=1, payload_mb=6), most=64, thorough=True)
    assert max(knobs.concurrency * knobs.payload_mb for knobs in asked) <= 100


def test_batching_time_out_and_workers_are_tried_around_the_best() -> None:
    def rate(knobs: Knobs) -> float:
        batch = {None: 1.0, 4: 1.2, 8: 1.5, 16: 1.4, 32: 1.3}[knobs.batch_size]
        wait = {None: 1.0, 5_000: 1.2, 20_000: 1.1, 50_000: 0.9}[knobs.timeout_micros]
        workers = {None: 1.0, 2: 1.3, 4: 1.31}[knobs.workers]
        return min(10.0 * knobs.concurrency, 80.0) * batch * wait * workers

    found, _ = found_by(rate, thorough=True)
    assert found.best.knobs == Knobs(
        concurrency=8, payload_mb=1, batch_size=8, timeout_micros=5_000, workers=4
    )
    assert found.best.knobs.environment() == {
        "SAGEMAKER_TFS_ENABLE_BATCHING": "true",
        "SAGEMAKER_TFS_MAX_BATCH_SIZE": "8",
        "SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS": "5000",
        "SAGEMAKER_GUNICORN_WORKERS": "4",
    }


def test_what_gains_less_than_noise_is_left_as_it_is() -> None:
    found, _ = found_by(
        lambda knobs: min(10.0 * knobs.concurrency, 80.0) * (1.04 if knobs.workers else 1.0),
        thorough=True,
    )
    assert found.best is found.knee
    assert "left as they are" in explain(found, most=64)[-1]


def test_a_failed_trial_is_no_candidate_and_all_failed_are_no_answer() -> None:
    found, _ = found_by(lambda knobs: 0.0 if knobs.concurrency == 4 else 10.0 * knobs.concurrency)
    assert found.knee.knobs.concurrency == 64
    measure, _ = instance(lambda _: 0.0)
    assert search(measure, START, most=64, thorough=True) is None


def test_it_says_why_more_does_not_help() -> None:
    found, _ = found_by(saturating(80))
    said = " ".join(explain(found, most=64))
    assert "The knee is at 8." in said
    assert "half of the requests take 400 ms in place of 100" in said
    rising, _ = found_by(saturating(10_000))
    assert "may bring more" in " ".join(explain(rising, most=64))


def test_the_drawing_marks_the_knee() -> None:
    found, _ = found_by(saturating(80))
    drawn = svg(found, title="<b>a model</b>")
    assert "knee: 80 records/s at 8" in drawn
    assert "&lt;b&gt;a model" in drawn


def test_the_knee_of_equal_rates_is_the_least() -> None:
    trials = [
        Trial(knobs=Knobs(concurrency=n, payload_mb=1), rate=rate)
        for n, rate in ((1, 96.0), (2, 100.0), (4, 95.5))
    ]
    assert knee(trials).knobs.concurrency == 1
