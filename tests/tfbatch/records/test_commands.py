"""pack, unpack, count and verify as a person calls them."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import boto3
import pytest
from PIL import Image

from tests.tfbatch.records.conftest import tfbatch
from tfbatch.files.file_store import folder_at
from tfbatch.records import example, tfrecord
from tfbatch_handler.protobuf import example as reader

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_sandbox.sandbox import Sandbox


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def documents(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_photographs_come_back_as_they_were(photographs: Path, tmp_path: Path) -> None:
    tfbatch("pack", photographs, tmp_path / "packed", "--records-per-file", 5)
    assert sorted(contents(tmp_path / "packed")) == [
        f"photos-0000{number}-of-00003.tfrecord" for number in range(3)
    ]
    assert "12  in 3 files" in tfbatch("count", tmp_path / "packed")
    assert "12 sound records" in tfbatch("verify", tmp_path / "packed")
    tfbatch("unpack", tmp_path / "packed", tmp_path / "unpacked")
    assert contents(tmp_path / "unpacked") == contents(photographs)


def test_webp_is_packed_as_a_run_reads_it(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 6), (200, 30, 90)).save(tmp_path / "photos" / "a.webp")
    tfbatch("pack", tmp_path / "photos", tmp_path / "packed")
    tfbatch("unpack", tmp_path / "packed", tmp_path / "unpacked")
    assert contents(tmp_path / "unpacked") == contents(tmp_path / "photos")


def test_a_run_goes_on_where_the_one_before_ended(photographs: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "photos", tmp_path / "packed"
    shutil.copytree(photographs, source)
    arguments = ("pack", source, target, "--records-per-file", 4, "--json")
    tfbatch(*arguments)
    files = sorted(target.iterdir())
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-1])
    before = files[2].stat().st_mtime_ns
    there = {one["file"]: one["was_there"] for one in documents(tfbatch(*arguments))}
    assert there == {files[0].name: False, files[1].name: False, files[2].name: True}
    assert files[2].stat().st_mtime_ns == before
    name = min(contents(source))
    os.utime(source / name, (before / 1e9 + 60,) * 2)
    assert [one["was_there"] for one in documents(tfbatch(*arguments))].count(False) == 1


def test_the_same_photographs_give_the_same_bytes(photographs: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        tfbatch("pack", photographs, tmp_path / name, "--gzip", "--threads", len(name))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert "12 sound records" in tfbatch("verify", tmp_path / "one")


def test_what_is_no_image_is_left_out_and_named(photographs: Path, tmp_path: Path) -> None:
    source = tmp_path / "photos"
    shutil.copytree(photographs, source)
    (source / "notes.txt").write_text("no image")
    (source / "empty.jpg").touch()
    said = tfbatch("pack", source, tmp_path / "packed", code=3)
    assert "12 photographs" in said
    assert "left out: empty.jpg is empty" in said
    assert "left out: notes.txt begins with b'no image'" in said
    said = tfbatch("pack", source, tmp_path / "other", "--strict", code=1, both=True)
    assert "empty.jpg is empty: remove it, or leave --strict out" in said
    assert not contents(tmp_path / "other")


def test_files_of_another_plan_are_not_packed_beside(photographs: Path, tmp_path: Path) -> None:
    tfbatch("pack", photographs, tmp_path)
    said = tfbatch("pack", photographs, tmp_path, "--records-per-file", 5, code=1, both=True)
    assert "holds 1 files that this would not write" in said


@pytest.mark.parametrize(
    ("source", "target"),
    [("a", "a"), ("a", "a/b"), ("s3://b", "s3://b/c"), ("s3://b/c", "s3://b/c/")],
)
def test_a_folder_is_not_packed_into_itself(source: str, target: str) -> None:
    assert folder_at(source).holds(folder_at(target))


@pytest.mark.parametrize(
    ("source", "target"),
    [("a", "ab"), ("s3://b/c", "s3://b/cd"), ("s3://b", "s3://c"), ("a", "s3://a")],
)
def test_a_folder_beside_it_is_another(source: str, target: str) -> None:
    assert not folder_at(source).holds(folder_at(target))


def test_unpacked_photographs_stay_below_their_folder(tmp_path: Path) -> None:
    names = (b"../../out.jpg", b"/etc/out.jpg", b"a/b.jpg", b"a/b.jpg", b"")
    records = (
        example.encode({"image/encoded": b"\xff\xd8\xff" + name, "image/filename": name})
        for name in names
    )
    tfrecord.write(tmp_path / "in.tfrecord", [*records, b"no example", example.encode({})])
    said = tfbatch("unpack", tmp_path / "in.tfrecord", tmp_path / "below" / "out", code=3)
    assert sorted(contents(tmp_path)) == [
        "below/out/a/b (2).jpg",
        "below/out/a/b.jpg",
        "below/out/etc/out.jpg",
        "below/out/in.tfrecord-00004.jpg",
        "below/out/out.jpg",
        "in.tfrecord",
    ]
    assert "record 5, byte" in said
    assert "feature 'image/encoded' is missing" in said


def test_damage_is_told_by_file_and_byte_and_does_not_stop_the_rest(
    photographs: Path, tmp_path: Path
) -> None:
    tfbatch("pack", photographs, tmp_path, "--records-per-file", 6)
    first, second = sorted(tmp_path.iterdir())
    data = bytearray(first.read_bytes())
    data[100] ^= 1
    first.write_bytes(data)
    second.write_bytes(second.read_bytes()[:-7])
    said = tfbatch("verify", tmp_path, code=3)
    assert f"{first}: byte 0: the record's checksum is" in said
    assert "10 sound records" in said
    (found, _) = documents(tfbatch("verify", tmp_path, "--json", code=3))
    assert found["records"] == 5
    assert "the file ends inside a frame" in tfbatch("count", tmp_path, code=3)


@pytest.mark.parametrize("command", ["verify", "count", "unpack"])
def test_a_path_that_is_not_there_is_named(command: str, tmp_path: Path) -> None:
    more = [tmp_path / "out"] if command == "unpack" else []
    said = tfbatch(command, tmp_path / "missing", *more, code=1, both=True)
    assert f"Error: {tmp_path}/missing" in said


def test_from_s3_to_s3_with_the_records_that_the_workflow_counts_on(
    photographs: Path, s3: Sandbox, tmp_path: Path
) -> None:
    session = boto3.Session("sandbox", "sandbox", region_name="us-east-1")
    client = session.client("s3", endpoint_url=s3.endpoint_url)
    client.create_bucket(Bucket="photos")
    for name, data in contents(photographs).items():
        client.put_object(Bucket="photos", Key=f"in/{name}", Body=data)
    environment = dict(s3.environment)
    arguments = ("pack", "s3://photos/in", "s3://photos/out/", "--records-per-file", 7, "--json")
    made = documents(tfbatch(*arguments, environment=environment))
    again = documents(tfbatch(*arguments, environment=environment))
    assert [sorted(bool(one["was_there"]) for one in run) for run in (made, again)] == [
        [False, False],
        [True, True],
    ]
    heads = [
        client.head_object(Bucket="photos", Key=f"out/{one['file']}")["Metadata"]["records"]
        for one in made
    ]
    assert sorted(heads) == ["5", "7"]
    assert "12 sound" in tfbatch("verify", "s3://photos/out/", environment=environment)
    tfbatch("unpack", "s3://photos/out", tmp_path / "back", environment=environment)
    assert contents(tmp_path / "back") == contents(photographs)


def test_every_photograph_has_the_articles_features(photographs: Path, tmp_path: Path) -> None:
    tfbatch("pack", photographs, tmp_path / "packed")
    (file,) = (tmp_path / "packed").iterdir()
    data = file.read_bytes()
    record = data[12 : 12 + int.from_bytes(data[:8], "little")]
    features = reader.parse(record)
    assert {name: len(reader.feature(features, name)) for name in features} == {
        "image/encoded": 1,
        "image/filename": 1,
        "image/format": 1,
    }


def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with folder_at(str(tmp_path)).writing("below/it") as draft:
        draft.path.write_bytes(b"1")
    assert (tmp_path / "below/it").stat().st_mode == (tmp_path / "usual").stat().st_mode
