from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch_functions.conftest import HOSTILE, SCARCE
from tfbatch_functions.planning import refusals
from tfbatch_functions.runtime.deadline import RESERVE_SECONDS
from tfbatch_functions.s3 import storage

if TYPE_CHECKING:
    from tests.tfbatch_functions.conftest import World

MEBIBYTE = 1024 * 1024


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAGE", 10)


def _names(world: World) -> list[str]:
    return [name for shard in world.shards() for name in world.json(shard["manifest"])[1:]]


def test_a_small_folder_is_one_shard_whose_outputs_go_right_into_the_output_folder(
    world: World,
) -> None:
    world.upload({"a.jpg": b"12345", "b/c.jpg": b"123"})
    planned = world.plan()
    assert world.shards() == [
        {
            "shard": "00000",
            "manifest": world.at_work("shards/00000.manifest"),
            "output": f"s3://{world.output}/night/",
            "objects": 2,
            "bytes": 8,
        }
    ]
    assert world.json(world.at_work("shards/00000.manifest")) == [
        {"prefix": f"s3://{world.input}/photos/"},
        "a.jpg",
        "b/c.jpg",
    ]
    assert world.json(world.at_work("plan.json")) == planned
    assert {name: planned[name] for name in ("objects", "bytes", "largestBytes", "largestKey")} == {
        "objects": 2,
        "bytes": 8,
        "largestBytes": 5,
        "largestKey": "photos/a.jpg",
    }


def test_a_prefix_is_a_folder_and_its_marks_are_no_inputs(world: World) -> None:
    world.upload({"": b"", "sub/": b"", "sub/a.jpg": b"1", "empty.jpg": b"", "odd/": b"data"})
    world.s3.put_object(Bucket=world.input, Key="photos_old/b.jpg", Body=b"1")
    world.plan(run={"input": f"s3://{world.input}/photos"})
    assert _names(world) == ["empty.jpg", "odd/", "sub/a.jpg"]


def test_a_whole_bucket_can_be_the_input(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    world.plan(run={"input": f"s3://{world.input}"})
    assert _names(world) == ["photos/a.jpg"]


def test_hostile_keys_come_through_as_they_are(world: World) -> None:
    world.upload(dict.fromkeys(HOSTILE, b"1"))
    world.plan(limits={"objectsPerShard": 5})
    assert sorted(_names(world)) == sorted(HOSTILE)


def test_a_shard_holds_at_most_so_many_objects_and_bytes(world: World) -> None:
    sizes = {"a": 3, "b": 3, "c": 3, "d": 50, "e": 1, "f": 1, "g": 1, "h": 1}
    world.upload({name: b"x" * size for name, size in sizes.items()})
    world.plan(limits={"objectsPerShard": 3, "bytesPerShard": 7})
    shards = world.shards()
    assert [world.json(shard["manifest"])[1:] for shard in shards] == [
        ["a", "b"],
        ["c"],
        ["d"],
        ["e", "f", "g"],
        ["h"],
    ]
    assert [(shard["objects"], shard["bytes"]) for shard in shards] == [
        (2, 6),
        (1, 3),
        (1, 50),
        (3, 3),
        (1, 1),
    ]
    assert shards[3]["output"] == f"s3://{world.output}/night/00003/"


@pytest.mark.usefixtures("small_pages")
def test_out_of_time_after_any_page_it_goes_on_to_the_same_shards(world: World) -> None:
    world.upload({f"{number:05}.jpg": b"1" for number in range(35)})
    limits = {"objectsPerShard": 8}
    at_once = world.plan(limits=limits)
    shards = [world.read(shard["manifest"]) for shard in world.shards()]
    assert world.calls == 1
    in_pieces = world.plan(SCARCE, limits=limits)
    assert world.calls == 4
    assert in_pieces == at_once
    assert [world.read(shard["manifest"]) for shard in world.shards()] == shards


@pytest.mark.usefixtures("small_pages")
def test_the_time_to_keep_in_reserve_can_be_set(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload({f"{number:05}.jpg": b"1" for number in range(11)})
    monkeypatch.setenv(RESERVE_SECONDS, "900")
    world.plan()
    assert world.calls == 2


def test_a_manifest_names_the_inputs(world: World) -> None:
    world.upload({"a.jpg": b"1", "b.jpg": b"22", "not-me.jpg": b"1"})
    document = [{"prefix": f"s3://{world.input}/pho"}, "tos/b.jpg", "tos/a.jpg"]
    uri = _put_manifest(world, json.dumps(document))
    planned = world.plan(run={"input": uri})
    assert world.json(world.shards()[0]["manifest"]) == document
    assert (planned["objects"], planned["bytes"], planned["largestKey"]) == (2, 3, "photos/b.jpg")


@pytest.mark.usefixtures("small_pages")
def test_a_manifest_too_is_gone_on_with_after_any_page(world: World) -> None:
    names = [f"{number:05}.jpg" for number in range(25)]
    world.upload(dict.fromkeys(names, b"1"))
    uri = _put_manifest(world, json.dumps([{"prefix": f"s3://{world.input}/photos/"}, *names]))
    world.plan(SCARCE, run={"input": uri}, limits={"objectsPerShard": 8})
    assert world.calls == 3
    assert _names(world) == names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"prefix": "s3://b/"}', "not a JSON array"),
        ('["a"]', "first element"),
        ('[{"prefix": "photos/"}]', "not an S3 URI"),
        ('[{"prefix": "s3://BUCKET/photos/"}, 7]', "element 1 is 7"),
        ('[{"prefix": "s3://BUCKET/photos/"}, ""]', "element 1"),
        ('[{"prefix": "s3://BUCKET/photos/"}, "a.jpg"', "should"),
        ('[{"prefix": "s3://BUCKET/photos/"}, "a.jp', "not JSON"),
        ('[{"prefix": "s3://BUCKET/photos/"}, "gone.jpg"]', "photos/gone.jpg is not there"),
        ("[\xff]", "not UTF-8"),
    ],
)
def test_a_bad_manifest_is_refused_and_the_place_named(
    world: World, text: str, problem: str
) -> None:
    world.upload({"a.jpg": b"1"})
    uri = _put_manifest(world, text.replace("BUCKET", world.input))
    with pytest.raises(refusals.BadManifest, match=problem) as refused:
        world.plan(run={"input": uri})
    assert uri in str(refused.value)


def test_an_object_that_a_manifest_names_twice_counts_once(world: World) -> None:
    world.upload({"a.jpg": b"a", "b.jpg": b"b"})
    names = ["a.jpg", "b.jpg", "a.jpg", "a.jpg"]
    uri = _put_manifest(world, json.dumps([{"prefix": f"s3://{world.input}/photos/"}, *names]))
    assert world.plan(run={"input": uri})["objects"] == 2
    assert _names(world) == ["a.jpg", "b.jpg"]


def test_a_manifest_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(refusals.BadManifest, match="can't be read"):
        world.plan(run={"input": f"s3://{world.input}/none.manifest"})


@pytest.mark.parametrize("objects", [{}, {"": b"", "sub/": b""}])
def test_an_empty_input_is_refused(world: World, objects: dict[str, bytes]) -> None:
    world.upload(objects)
    with pytest.raises(refusals.EmptyInput, match=r"aws s3 sync"):
        world.plan()


def test_a_manifest_of_nothing_is_refused(world: World) -> None:
    uri = _put_manifest(world, json.dumps([{"prefix": f"s3://{world.input}/photos/"}]))
    with pytest.raises(refusals.EmptyInput):
        world.plan(run={"input": uri})


@pytest.mark.parametrize("folder", ["photos/", "photos/out/", "", "photos/a/../"])
def test_an_output_inside_the_input_or_around_it_is_refused(world: World, folder: str) -> None:
    world.upload({"a.jpg": b"1"})
    with pytest.raises(refusals.OutputInsideInput, match=r"output = .* input = "):
        world.plan(run={"output": f"s3://{world.input}/{folder}"})


def test_an_output_beside_the_input_is_fine(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    world.plan(run={"output": f"s3://{world.input}/photos-out/"})


@pytest.mark.parametrize(
    ("largest", "setting", "payload", "concurrent"),
    [
        (MEBIBYTE, 1, 1, 16),
        (MEBIBYTE + 1, 1, 2, 16),
        (10, 6, 6, 16),
        (9 * MEBIBYTE, 6, 9, 11),
    ],
)
def test_the_payload_holds_the_largest_object_and_concurrency_gives_way(
    world: World, largest: int, setting: int, payload: int, concurrent: int
) -> None:
    world.upload({"a.jpg": b"x", "large.jpg": bytes(largest)})
    planned = world.plan(limits={"maxPayloadInMB": setting})
    assert (planned["maxPayloadInMB"], planned["maxConcurrentTransforms"]) == (payload, concurrent)


def test_an_object_that_no_request_can_hold_is_refused_before_it_costs_anything(
    world: World,
) -> None:
    world.upload({"huge.jpg": bytes(100 * MEBIBYTE + 1)})
    with pytest.raises(refusals.ObjectTooLarge, match=r"photos/huge\.jpg has 104857601 bytes"):
        world.plan()
    world.split = "TFRecord"
    assert world.plan()["maxPayloadInMB"] == 6


def test_a_request_beyond_the_stage_is_refused(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    with pytest.raises(refusals.TooManyInstances, match=r"instances = 5: this stage admits 4"):
        world.plan(fleet={"instances": 5})


def test_no_instance_is_started_for_which_there_is_no_object(world: World) -> None:
    world.upload({"a.jpg": b"1", "b.jpg": b"1"})
    assert world.plan(fleet={"instances": 4})["instances"] == 2


def test_as_few_instances_as_meet_the_deadline(world: World) -> None:
    world.upload({f"{number}.jpg": b"1" for number in range(24)})
    slow = {"recordsPerSecond": 0.01}  # 24 records: 40 minutes of one instance
    assert world.plan(fleet=slow)["instances"] == 1
    planned = world.plan(fleet=slow, deadlineMinutes=20)
    assert (planned["instances"], planned["estimatedMinutes"]) == (3, 17.3)
    with pytest.raises(refusals.DeadlineImpossible, match=r"deadline_minutes = 10.* 14 minutes"):
        world.plan(fleet=slow, deadlineMinutes=10)
    with pytest.raises(refusals.DeadlineImpossible, match=r"ask for more instances"):
        world.plan(fleet=slow | {"instances": 1}, deadlineMinutes=30)


def test_the_estimate_counts_jobs_that_wait_for_a_place(world: World) -> None:
    world.upload({f"{number}.jpg": b"1" for number in range(9)})
    planned = world.plan(
        limits={"objectsPerShard": 3},
        fleet={"recordsPerSecond": 0.05, "instances": 1, "maxConcurrency": 2},
    )
    # Three jobs of 4 + 1 minutes, two at a time.
    assert (planned["estimatedMinutes"], planned["estimatedUsd"]) == (10.0, 0.3)
    for told in ("10 minutes", "0.30 USD", "9 records", "3 jobs", "settings", "2026-11-01"):
        assert told in planned["estimate"]


def test_a_budget_too_small_is_refused_with_the_estimate(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    with pytest.raises(refusals.BudgetExceeded, match=r"budget_usd = 0\.01: About .* 0\.08 USD"):
        world.plan(budgetUsd=0.01)
    assert world.plan(budgetUsd=0.1)["estimatedUsd"] == 0.08


def test_without_a_price_there_is_no_dollar_and_no_budget(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    unknown = {"usdPerHour": None, "pricesOf": None}
    planned = world.plan(fleet=unknown)
    assert planned["estimatedUsd"] is None
    assert "no price" in planned["estimate"]
    with pytest.raises(refusals.BudgetExceeded, match="there is no price"):
        world.plan(fleet=unknown, budgetUsd=100)


def _frame(record: bytes) -> bytes:
    return len(record).to_bytes(8, "little") + b"crc_" + record + b"crc_"


def _recordio(record: bytes) -> bytes:
    head = (0xCED7230A).to_bytes(4, "little") + len(record).to_bytes(4, "little")
    return head + record + bytes(-len(record) % 4)


@pytest.mark.parametrize(
    ("split", "body"),
    [
        ("TFRecord", _frame(b"x" * 84) * 10),
        ("RecordIO", _recordio(b"x" * 90) * 10),
        ("Line", b"x,y,z\n" * 10),
    ],
)
def test_records_are_judged_by_the_first_ones_of_a_few_objects(
    world: World, split: str, body: bytes
) -> None:
    world.split = split
    world.upload({f"{number}.data": body for number in range(7)} | {"empty": b""})
    planned = world.plan()
    assert (planned["records"], planned["recordsAre"]) == (70, "sampled")


def test_objects_sent_whole_are_judged_by_their_records_too(world: World) -> None:
    world.separator = "Line"
    world.upload({f"{number}.csv": b"x,y,z\n" * 10 for number in range(7)})
    planned = world.plan()
    assert (planned["records"], planned["recordsAre"]) == (70, "sampled")


def test_objects_that_say_how_many_records_they_hold_are_believed(world: World) -> None:
    world.split = "TFRecord"
    world.upload({"a.tfrecord": b"z" * 100, "b.tfrecord": b"z" * 100}, records="1000")
    assert world.plan()["records"] == 2000


@pytest.mark.parametrize("body", [b"", b"torn", b"\xff" * 12])
def test_objects_that_are_no_records_don_t_stop_the_plan(world: World, body: bytes) -> None:
    world.split = "TFRecord"
    world.upload({"a.tfrecord": body})
    assert world.plan()["records"] == 1


def test_a_name_may_be_as_long_as_s3_admits(world: World) -> None:
    name = "é" * 500
    world.upload({name: b"1"})
    world.plan(SCARCE)
    assert _names(world) == [name]


def _put_manifest(world: World, text: str) -> str:
    body = text.encode("latin-1" if "\xff" in text else "utf-8")
    world.s3.put_object(Bucket=world.input, Key="lists/one.manifest", Body=body)
    return f"s3://{world.input}/lists/one.manifest"


def test_a_shard_of_record_files_takes_as_long_as_its_bytes(world: World) -> None:
    world.split = "Line"
    world.upload({"a.csv": b"x\n" * 10, "b.csv": b"x\n" * 10, "z.csv": b"x\n" * 100})
    planned = world.plan(
        limits={"objectsPerShard": 2},
        fleet={"recordsPerSecond": 0.1, "instances": 2, "maxConcurrency": 2},
    )
    # 120 records; the shard of one object has 100 of them, and one instance for it.
    assert (planned["records"], planned["estimatedMinutes"]) == (120, round(4 + 1000 / 60, 1))
