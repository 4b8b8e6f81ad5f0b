"""What an estimate takes for an instance's throughput: the most trustworthy of what is known."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.tfbatch_functions.conftest import World

UNSAID = {"recordsPerSecond": None}


def _estimate(world: World, **fleet: Any) -> str:  # noqa: ANN401 # of any type
    estimate: str = world.plan(fleet=fleet or UNSAID)["estimate"]
    return estimate


def _run(world: World, records: int) -> None:
    planned = world.plan()
    world.answer({"a.jpg": b"{}\n" * records})
    world.reconcile(final=True)
    world.summarize(planned)


@pytest.fixture(autouse=True)
def _an_input(world: World) -> None:
    world.upload({"a.jpg": b"1"})


def test_settings_come_before_the_tuner_and_the_tuner_before_the_last_run(world: World) -> None:
    assert "at 70 records/s an instance (AWS's article" in _estimate(world)
    _run(world, 2400)  # on two instances for ten minutes
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert f"at 2 records/s an instance (run night, {today})" in _estimate(world)
    tuned = json.dumps({"recordsPerSecond": 312.5, "date": "2026-10-31"}).encode()
    key = "throughput/resnet50/jpeg/ml.g5.xlarge.tuned.json"
    world.s3.put_object(Bucket=world.work, Key=key, Body=tuned)
    assert "at 312.5 records/s an instance (the tuner, 2026-10-31)" in _estimate(world)
    stated = _estimate(world, recordsPerSecond=250.0)
    assert "at 250 records/s an instance (settings)" in stated


def test_another_types_figure_says_nothing(world: World) -> None:
    _run(world, 2400)
    other = {"instanceType": "ml.g6.xlarge"} | UNSAID
    assert "AWS's article" in _estimate(world, **other)


def test_a_run_of_a_few_records_measures_nothing(world: World) -> None:
    _run(world, 999)
    assert "AWS's article" in _estimate(world)
