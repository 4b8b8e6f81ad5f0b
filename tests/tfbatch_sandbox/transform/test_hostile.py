"""Inputs that mean harm cost themselves, and nothing else."""

from __future__ import annotations

import contextlib
import gzip
import io
import struct
import tarfile
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tfbatch_sandbox.container.host.artifact import fetch_artifact
from tfbatch_sandbox.transform import untar
from tfbatch_sandbox.transform.failure import JobFailure
from tfbatch_sandbox.transform.s3.location import Location
from tfbatch_sandbox.transform.s3.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Jobs


def test_keys_with_dots_and_markup_are_names_and_lead_nowhere(jobs: Jobs) -> None:
    names = ["a/../../out/theirs", "{% $uuid() %}", "<b>&amp;</b>", "-rf ~", "..x"]
    jobs.put_all({f"in/{name}": b"1" for name in names})
    outcome = jobs.run()
    assert outcome.outputs == {f"{name}.out": b"1" for name in names}


def test_a_key_too_long_for_its_output_costs_that_object_alone(jobs: Jobs) -> None:
    longest = "in/" + "é" * 510 + "x"
    assert len(longest.encode()) == 1024
    jobs.put_all({longest: b"1", "in/short": b"2"})
    outcome = jobs.run()
    assert outcome.reason is not None
    assert outcome.reason.startswith("ClientError")
    assert outcome.outputs == {"short.out": b"2"}
    assert any("Your key is too long" in line for line in outcome.log)


@pytest.mark.parametrize("split", ["None", "Line"])
def test_a_decompression_bomb_is_given_up_at_the_payload_limit(jobs: Jobs, split: str) -> None:
    jobs.put_all(
        {"in/bomb.gz": gzip.compress(bytes(200_000_000)), "in/fine.gz": gzip.compress(b"1")}
    )
    outcome = jobs.run(
        MaxPayloadInMB=1, TransformInput={"CompressionType": "Gzip", "SplitType": split}
    )
    assert outcome.outputs == {"fine.gz.out": b"1"}
    assert any("a record of more than 1048576 bytes does not fit" in each for each in outcome.log)


@pytest.mark.parametrize("has_filter", [True, False])
@pytest.mark.parametrize(
    "member",
    [
        {"name": "../evil"},
        {"name": "/tmp/evil"},  # noqa: S108 - refused
        {"name": "a/../../evil"},
        {"name": "link", "type": tarfile.SYMTYPE, "linkname": "../.."},
        {"name": "link", "type": tarfile.LNKTYPE, "linkname": "/etc/passwd"},
        {"name": "device", "type": tarfile.CHRTYPE},
    ],
)
def test_no_member_of_an_archive_leaves_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: dict[str, Any], *, has_filter: bool
) -> None:
    if not has_filter:  # as on Pythons before 3.11.4
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo()
        for name, value in member.items():
            setattr(info, name, value)
        archive.addfile(info, io.BytesIO())
    packed.seek(0)
    folder = tmp_path / "inside"
    folder.mkdir()
    with tarfile.open(fileobj=packed) as archive, contextlib.suppress(tarfile.TarError):
        untar.extract(archive, folder)
        assert member["name"].startswith("/")  # which one filter makes relative
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_an_artifact_with_such_a_member_fails_the_job(jobs: Jobs, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../evil"))
    jobs.put_all({"model.tar.gz": packed.getvalue()})
    with pytest.raises(JobFailure, match="ClientError: Failed to extract model data archive"):
        fetch_artifact(Location(jobs.bucket, "model.tar.gz"), tmp_path / "job", Store())
    assert not (tmp_path / "evil").exists()


def test_an_image_of_50000_by_50000_is_refused_and_the_server_goes_on(models: str) -> None:
    answer = requests.post(f"{models}/image:predict", json=_asking(_huge_png()), timeout=60)
    assert answer.status_code == 400
    assert "PNG" in answer.json()["error"] or "image" in answer.json()["error"].lower()
    assert requests.get(f"{models}/image", timeout=10).status_code == 200


def _asking(image: bytes) -> dict[str, Any]:
    return {"instances": [{"b64": b64encode(image).decode()}]}


def _huge_png() -> bytes:
    """A hundred bytes that claim to be 7.5 GB of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")
