from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.tfbatch_functions.conftest import HOSTILE, SCARCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.tfbatch_functions.conftest import Event, World

MISSING = "reconcile/00000/01/missing.manifest"
GOOD = b'{"label":"cat"}\n'
FAILED: dict[str, Any] = {
    "status": "Failed",
    "reason": "ClientError: See job logs for more information",
}


def _bad(message: str) -> bytes:
    error = {"code": "InvalidRecord", "message": message, "record": 0}
    return json.dumps({"error": error}, separators=(",", ":")).encode() + b"\n"


def _planned(world: World, names: Sequence[str], **limits: int) -> Event:
    world.upload(dict.fromkeys(names, b"1"))
    return world.plan(limits=limits)


def _written(world: World) -> dict[str, bytes]:
    """Everything under the work folder."""
    return {key: world.read(f"s3://{world.work}/{key}") for key in world.keys(world.work)}


def test_when_every_input_has_its_output_nothing_is_missing(world: World) -> None:
    _planned(world, ["a.jpg", "b/c.jpg"])
    world.answer({"a.jpg": GOOD, "b/c.jpg": GOOD})
    assert world.reconcile() == {
        "done": True,
        "missing": 0,
        "manifest": None,
        "outputs": 2,
        "exceptions": 0,
    }
    assert world.lines(world.at_work("predictions/00000.jsonl")) == [
        {
            "input": f"s3://{world.input}/photos/{name}",
            "output": f"s3://{world.output}/night/{name}.out",
            "records": 1,
        }
        for name in ("a.jpg", "b/c.jpg")
    ]
    assert world.read(world.at_work("exceptions/00000.jsonl")) == b""
    result = world.json(world.at_work("results/00000.json"))
    assert (result["objects"], result["outputs"], result["records"]) == (2, 2, 2)
    assert result["jobs"][0]["seconds"] == 600


def test_what_is_missing_is_the_next_round_s_manifest_and_in_the_end_an_exception(
    world: World,
) -> None:
    _planned(world, ["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    world.answer({"a.jpg": GOOD, "c.jpg": GOOD})
    first = world.reconcile(**FAILED)
    assert (first["missing"], first["outputs"], first["exceptions"]) == (2, 2, 0)
    assert world.json(first["manifest"]) == [
        {"prefix": f"s3://{world.input}/photos/"},
        "b.jpg",
        "d.jpg",
    ]
    world.answer({"d.jpg": GOOD})
    last = world.reconcile(
        number=2, manifest=first["manifest"], final=True, name="tfbatch-night-2", **FAILED
    )
    assert last == {"done": True, "missing": 0, "manifest": None, "outputs": 3, "exceptions": 1}
    assert world.lines(world.at_work("exceptions/00000.jsonl")) == [
        {
            "key": "photos/b.jpg",
            "record": None,
            "reason": "tfbatch-night-2: ClientError: See job logs for more information",
        }
    ]
    joined = world.lines(world.at_work("predictions/00000.jsonl"))
    assert [line["input"].rpartition("/")[2] for line in joined] == ["a.jpg", "c.jpg", "d.jpg"]
    result = world.json(world.at_work("results/00000.json"))
    assert (result["rounds"], len(result["jobs"]), result["records"]) == (2, 2, 3)
    assert result["outputs"] + result["exceptions"] == result["objects"]


def test_an_object_without_an_output_of_a_job_that_completed_has_a_reason_too(
    world: World,
) -> None:
    _planned(world, ["a.jpg"])
    world.reconcile(final=True)
    (line,) = world.lines(world.at_work("exceptions/00000.jsonl"))
    assert line["reason"] == "tfbatch-night-1: the job ended Completed without an output for it"


def test_a_job_that_never_ran_costs_nothing(world: World) -> None:
    _planned(world, ["a.jpg"])
    world.reconcile(final=True, startedAt=None, endedAt=None, **FAILED)
    result = world.json(world.at_work("results/00000.json"))
    assert (result["exceptions"], result["jobs"][0]["seconds"]) == (1, 0)


def test_times_may_be_the_milliseconds_of_the_optimized_integration(world: World) -> None:
    _planned(world, ["a.jpg"])
    world.answer({"a.jpg": GOOD})
    world.reconcile(startedAt=1_795_341_840_000, endedAt=1_795_342_440_000)
    assert world.json(world.at_work("results/00000.json"))["jobs"][0]["seconds"] == 600


def test_error_lines_become_exceptions_with_the_record_s_number_in_its_object(
    world: World,
) -> None:
    _planned(world, ["a.tfrecord", "b.tfrecord"])
    bad = _bad("not a JPEG: é")
    world.answer({"a.tfrecord": GOOD + bad + GOOD + bad, "b.tfrecord": GOOD * 3})
    reply = world.reconcile()
    assert (reply["outputs"], reply["exceptions"], reply["missing"]) == (2, 0, 0)
    assert world.lines(world.at_work("exceptions/00000.jsonl")) == [
        {"key": "photos/a.tfrecord", "record": number, "reason": "InvalidRecord: not a JPEG: é"}
        for number in (1, 3)
    ]
    result = world.json(world.at_work("results/00000.json"))
    assert (result["records"], result["recordErrors"]) == (7, 2)


def test_a_prediction_that_is_called_error_is_a_prediction(world: World) -> None:
    _planned(world, ["a.jpg", "b.jpg", "c.jpg"])
    world.answer(
        {
            "a.jpg": b'{"error":0.25}\n{"error":[1,2]}\n{"error":{"mean":1}}\n',
            "b.jpg": b'{"error":{"code":"a","message":"b"},"label":"cat"}\n',
            "c.jpg": b'{"error": "Serving signature not found"}',  # images before 2.20
        }
    )
    world.reconcile()
    assert world.lines(world.at_work("exceptions/00000.jsonl")) == [
        {"key": "photos/c.jpg", "record": 0, "reason": "Serving signature not found"}
    ]


def test_an_output_from_before_the_run_does_not_count(world: World) -> None:
    _planned(world, ["a.jpg"])
    world.answer({"a.jpg": GOOD})
    event = world.run | {"started": "2999-01-01T00:00:00Z"}
    assert world.reconcile(run=event)["missing"] == 1


def test_hostile_keys_are_matched(world: World) -> None:
    _planned(world, HOSTILE)
    world.answer(dict.fromkeys(HOSTILE, GOOD))
    assert world.reconcile()["outputs"] == len(HOSTILE)
    joined = world.lines(world.at_work("predictions/00000.jsonl"))
    prefix = f"s3://{world.input}/photos/"
    assert sorted(line["input"].removeprefix(prefix) for line in joined) == sorted(HOSTILE)


def test_hostile_keys_that_are_missing_are_tried_again_as_they_are(world: World) -> None:
    _planned(world, HOSTILE)
    reply = world.reconcile()
    assert sorted(world.json(reply["manifest"])[1:]) == sorted(HOSTILE)


@pytest.mark.parametrize(
    ("folder", "first", "second"),
    [
        ("night/", "x/a.jpg", "y/b.jpg"),
        ("night/photos/", "x/a.jpg", "y/b.jpg"),
        ("night/", "a.jpg", "b.jpg"),
        ("night/photos/", "a.jpg", "b.jpg"),
    ],
)
def test_outputs_are_found_under_every_documented_rule(
    world: World, folder: str, first: str, second: str
) -> None:
    _planned(world, ["x/a.jpg", "y/b.jpg"])
    world.answer({first: GOOD, second: GOOD}, folder=folder)
    assert world.reconcile()["outputs"] == 2
    joined = world.lines(world.at_work("predictions/00000.jsonl"))
    assert [line["output"] for line in joined] == [
        f"s3://{world.output}/{folder}{name}.out" for name in (first, second)
    ]


def test_outputs_without_their_folders_are_found_where_their_names_are_unique(
    world: World,
) -> None:
    _planned(world, ["x/a.jpg", "x/same.jpg", "y/b.jpg", "y/same.jpg"])
    world.answer({"a.jpg": GOOD, "b.jpg": GOOD, "same.jpg": GOOD})
    reply = world.reconcile()
    assert world.json(reply["manifest"])[1:] == ["x/same.jpg", "y/same.jpg"]


def test_a_neighbor_s_output_is_never_taken_for_one_s_own(world: World) -> None:
    _planned(world, ["x/same.jpg", "y/same.jpg"])
    world.answer({"x/same.jpg": GOOD})
    first = world.reconcile()
    assert world.json(first["manifest"])[1:] == ["y/same.jpg"]
    second = world.reconcile(number=2, manifest=first["manifest"], final=True)
    assert (second["outputs"], second["exceptions"]) == (1, 1)


def test_each_shard_looks_into_its_own_folder(world: World) -> None:
    _planned(world, ["a.jpg", "b.jpg"], objectsPerShard=1)
    world.answer({"a.jpg": GOOD}, folder="night/00000/")
    assert world.reconcile(shard=0)["outputs"] == 1
    assert world.reconcile(shard=1)["missing"] == 1


def test_an_output_with_too_few_lines_is_tried_again_and_then_an_exception(world: World) -> None:
    world.split = "TFRecord"
    world.upload({"a.tfrecord": b"x", "b.tfrecord": b"x"}, records="3")
    world.plan()
    world.answer({"a.tfrecord": GOOD * 3, "b.tfrecord": GOOD + _bad("torn")})
    first = world.reconcile()
    assert world.json(first["manifest"])[1:] == ["b.tfrecord"]
    world.reconcile(number=2, manifest=first["manifest"], final=True)
    (line,) = world.lines(world.at_work("exceptions/00000.jsonl"))
    assert line == {
        "key": "photos/b.tfrecord",
        "record": None,
        "reason": "its output has 2 lines for 3 records",
    }
    result = world.json(world.at_work("results/00000.json"))
    assert (result["outputs"], result["exceptions"], result["recordErrors"]) == (1, 1, 0)


def test_an_object_that_does_not_say_its_records_is_not_held_to_a_number(world: World) -> None:
    world.split = "TFRecord"
    world.upload({"a.tfrecord": b"x"}, records="many")
    world.plan()
    world.answer({"a.tfrecord": GOOD * 5})
    assert world.reconcile()["outputs"] == 1


def test_out_of_time_after_any_object_it_comes_to_the_same_end(world: World) -> None:
    names = [f"{number:02}.jpg" for number in range(12)]
    _planned(world, names)
    world.answer({name: GOOD + _bad("x") for name in names if int(name[:2]) % 3})
    at_once = world.reconcile()
    files = _written(world)
    assert world.calls == 1
    in_pieces = world.reconcile(SCARCE)
    assert world.calls == len(names)
    assert in_pieces == at_once
    later = _written(world)
    for path in ("predictions/00000.jsonl", "exceptions/00000.jsonl", MISSING):
        assert later[f"executions/night/{path}"] == files[f"executions/night/{path}"], path


def test_called_twice_for_a_round_it_leaves_the_same_behind(world: World) -> None:
    _planned(world, ["a.jpg", "b.jpg", "c.jpg"])
    world.answer({"a.jpg": GOOD + _bad("x")})
    first = world.reconcile()
    assert world.reconcile() == first
    world.answer({"b.jpg": _bad("y")})
    second = world.reconcile(number=2, manifest=first["manifest"], final=True)
    files = _written(world)
    assert world.reconcile(number=2, manifest=first["manifest"], final=True) == second
    assert _written(world) == files


def test_an_output_without_a_line_feed_at_its_end_has_its_last_line_too(world: World) -> None:
    _planned(world, ["a.jpg", "blank.jpg"])
    world.answer({"a.jpg": b'{"a":1}\n{"b":2}', "blank.jpg": b"\n"})
    world.reconcile()
    records = {
        line["output"].rpartition("/")[2]: line["records"]
        for line in world.lines(world.at_work("predictions/00000.jsonl"))
    }
    assert records == {"a.jpg.out": 2, "blank.jpg.out": 1}


@pytest.mark.parametrize("split", ["None", "Line"])
def test_an_empty_output_is_one_only_of_an_empty_object(world: World, split: str) -> None:
    world.split = split
    world.upload({"a.csv": b"1,2\n", "empty.csv": b""})
    world.plan()
    world.answer({"a.csv": b"", "empty.csv": b""})
    first = world.reconcile()
    assert world.json(first["manifest"])[1:] == ["a.csv"]
    world.reconcile(number=2, manifest=first["manifest"], final=True)
    (line,) = world.lines(world.at_work("exceptions/00000.jsonl"))
    assert (line["key"], line["reason"]) == ("photos/a.csv", "its output is empty")


def test_lines_of_megabytes_are_counted(world: World) -> None:
    _planned(world, ["a.jpg"])
    long = b'{"scores":[' + b"0.125," * 400_000 + b"0]}\n"
    world.answer({"a.jpg": long + GOOD + long + _bad("x" * 100_000) + long})
    world.reconcile()
    result = world.json(world.at_work("results/00000.json"))
    assert (result["records"], result["recordErrors"]) == (5, 1)


def test_outputs_that_were_being_read_when_time_ran_out_are_read_by_the_next_call(
    world: World,
) -> None:
    names = [f"{number}.jpg" for number in range(4)]
    _planned(world, names)
    large = (b'{"scores":[' + b"0.5," * 1000 + b"0]}\n") * 500 + _bad("x")
    world.answer(dict.fromkeys(names, large))
    world.reconcile(SCARCE)
    result = world.json(world.at_work("results/00000.json"))
    assert (result["records"], result["recordErrors"]) == (4 * 501, 4)
    assert len(world.lines(world.at_work("exceptions/00000.jsonl"))) == 4
