from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_functions.conftest import HOSTILE

if TYPE_CHECKING:
    from tests.tfbatch_functions.conftest import Event, World

GOOD = b'{"label":"cat"}\n'
BAD = b'{"error":{"code":"InvalidRecord","message":"not a JPEG","record":0}}\n'
NIGHT = {"started": "2026-11-22T10:00:00.250Z"}


def _done(world: World, outputs: dict[str, bytes], *, missing: tuple[str, ...] = ()) -> Event:
    """A run of one shard, reconciled."""
    world.upload(dict.fromkeys((*outputs, *missing), b"1"))
    planned = world.plan()
    world.answer(outputs)
    world.reconcile(final=True)
    return planned


def _summary(world: World, planned: Event, **changes: Any) -> Event:  # noqa: ANN401
    return world.summarize(planned, run=world.run | NIGHT, **changes)


def _output(world: World) -> set[str]:
    """What lies right in the output folder, beside the outputs."""
    names = (key.removeprefix("night/") for key in world.keys(world.output))
    return {name for name in names if not name.endswith(".out")}


def test_all_good_is_a_success_that_a_person_understands(world: World) -> None:
    summary = _summary(world, _done(world, {"a.jpg": GOOD, "b.jpg": GOOD}))
    assert {name: summary[name] for name in summary if name != "text"} == {
        "inputs": 2,
        "outputs": 2,
        "exceptions": 0,
        "recordErrors": 0,
        "records": 2,
        "rounds": 1,
        "jobs": 1,
        "seconds": 839.8,
        "recordsPerSecond": 0.002382,
        "instanceSeconds": 1200,
        "recordsPerInstanceSecond": 0.001667,
        "usd": 0.4,
        "usdPerThousand": 200,
        "instanceRate": None,
        "pricesOf": "2026-11-01",
        "balanced": True,
        "withinLimit": True,
    }
    assert summary["text"] == (
        f"2 of 2 records under s3://{world.input}/photos/ are predicted; 2 of 2 objects have an "
        f"output in s3://{world.output}/night/. It took 14 min 0 s, 0.002382 records/s, in 1 job "
        "and 1 round; 0.40 USD (prices of 2026-11-01), 200 USD per 1,000 records."
    )
    assert _output(world) == {"summary.json", "predictions.manifest.jsonl", "_SUCCESS"}
    assert world.json(f"s3://{world.output}/night/summary.json") == summary


def test_what_has_no_prediction_is_named_with_its_reason(world: World) -> None:
    planned = _done(world, {"a.jpg": GOOD, "b.tfrecord": GOOD + BAD}, missing=("c.jpg",))
    summary = _summary(world, planned)
    assert summary["balanced"]
    assert (summary["outputs"], summary["exceptions"], summary["recordErrors"]) == (2, 1, 1)
    told = "exceptions.jsonl names 1 object without an output and 1 record with an error"
    assert told in summary["text"]
    assert _output(world) == {
        "summary.json",
        "predictions.manifest.jsonl",
        "exceptions.jsonl",
        "_EXCEPTIONS",
    }
    assert world.lines(f"s3://{world.output}/night/exceptions.jsonl") == [
        {"key": "photos/b.tfrecord", "record": 1, "reason": "InvalidRecord: not a JPEG"},
        {
            "key": "photos/c.jpg",
            "record": None,
            "reason": "tfbatch-night-1: the job ended Completed without an output for it",
        },
    ]


@pytest.mark.parametrize(
    ("limit", "within"),
    [(None, True), (2, True), (1, False), (0, False), (0.5, True), (0.3, False)],
)
def test_exceptions_are_accepted_up_to_a_count_or_a_share(
    world: World,
    limit: float | None,
    within: bool,  # noqa: FBT001
) -> None:
    planned = _done(world, {"a.jpg": GOOD, "b.tfrecord": GOOD + BAD}, missing=("c.jpg",))
    assert _summary(world, planned, maxExceptions=limit)["withinLimit"] is within


def test_accounts_that_don_t_balance_are_said_loudly(world: World) -> None:
    planned = _done(world, {"a.jpg": GOOD})
    summary = _summary(world, planned | {"objects": 3})
    assert not summary["balanced"]
    assert "DON'T BALANCE: outputs and exceptions make 1 of 3 objects" in summary["text"]
    assert "_SUCCESS" not in _output(world)


def test_a_shard_without_a_result_unbalances_the_accounts(world: World) -> None:
    world.upload({"a.jpg": b"1", "b.jpg": b"1"})
    planned = world.plan(limits={"objectsPerShard": 1})
    world.answer({"a.jpg": GOOD}, folder="night/00000/")
    world.reconcile(shard=0)
    assert not _summary(world, planned)["balanced"]


def test_predictions_of_all_shards_are_joined_in_the_order_of_the_inputs(world: World) -> None:
    world.upload(dict.fromkeys(HOSTILE, b"1"))
    planned = world.plan(limits={"objectsPerShard": 5})
    prefix = f"s3://{world.input}/photos/"
    for number, shard in enumerate(world.shards()):
        names = world.json(shard["manifest"])[1:]
        world.answer(dict.fromkeys(names, GOOD), folder=f"night/{shard['shard']}/")
        world.reconcile(shard=number)
    summary = _summary(world, planned)
    joined = world.lines(f"s3://{world.output}/night/predictions.manifest.jsonl")
    assert sorted(HOSTILE) == sorted(line["input"].removeprefix(prefix) for line in joined)
    assert all(world.read(line["output"]) == GOOD for line in joined)
    assert (summary["outputs"], summary["jobs"]) == (len(HOSTILE), 3)


def test_an_earlier_run_s_marker_and_exceptions_do_not_outlive_it(world: World) -> None:
    for stale in ("_EXCEPTIONS", "exceptions.jsonl"):
        world.s3.put_object(Bucket=world.output, Key=f"night/{stale}", Body=b"old")
    _summary(world, _done(world, {"a.jpg": GOOD}))
    assert _output(world) == {"summary.json", "predictions.manifest.jsonl", "_SUCCESS"}


def test_the_marker_comes_last(world: World) -> None:
    planned = _done(world, {"a.jpg": GOOD})
    written: list[str] = []
    world.s3.meta.events.register(
        "provide-client-params.s3.PutObject",
        lambda params, **_: written.append(params["Key"]),
        unique_id="watch",
    )
    try:
        _summary(world, planned)
    finally:
        world.s3.meta.events.unregister("provide-client-params.s3.PutObject", unique_id="watch")
    assert written[-1] == "night/_SUCCESS"
    assert len(written) == 3


def test_called_twice_it_leaves_the_same_behind(world: World) -> None:
    planned = _done(world, {"a.jpg": GOOD + BAD})
    first = _summary(world, planned)
    assert _summary(world, planned) == first
    assert len(_output(world)) == 4


def test_a_type_without_a_price_has_no_cost_rather_than_a_wrong_one(world: World) -> None:
    prices = {"ml.g6.xlarge": 1.0, "ml.g5.xlarge": None}
    summary = _summary(world, _done(world, {"a.jpg": GOOD}), usdPerHour=prices)
    assert (summary["usd"], summary["usdPerThousand"]) == (None, None)
    assert "no price is known" in summary["text"]


def test_a_run_whose_jobs_never_ran_has_a_summary_too(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    planned = world.plan()
    world.reconcile(final=True, status="Failed", reason="CapacityError: none", startedAt=None)
    summary = _summary(world, planned)
    assert (summary["usd"], summary["instanceSeconds"], summary["exceptions"]) == (0, 0, 1)
    assert "No job ran." in summary["text"]


def test_its_numbers_are_metrics_on_one_line(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = _done(world, {"a.jpg": GOOD + BAD})
    capsys.readouterr()
    _summary(world, planned)
    _no_job_log, line, journal = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    (metrics,) = told["_aws"]["CloudWatchMetrics"]
    assert metrics["Namespace"] == "tfbatch"
    assert metrics["Dimensions"] == [["Stage"], ["Stage", "Model"]]
    assert (told["Stage"], told["Model"], told["execution"]) == ("dev", "resnet50", "night")
    assert {metric["Name"]: told[metric["Name"]] for metric in metrics["Metrics"]} == {
        "Inputs": 1,
        "Outputs": 1,
        "Records": 2,
        "Exceptions": 0,
        "RecordErrors": 1,
        "ExceptionPercent": 50.0,
        "Seconds": 839.8,
        "RecordsPerSecond": 0.002382,
        "Usd": 0.4,
        "UsdPerThousand": 200.0,
    }
    assert json.loads(journal)["execution"] == "night"
