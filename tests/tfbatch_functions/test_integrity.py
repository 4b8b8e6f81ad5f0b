"""The artifact that is run is the one that was reviewed."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch_functions.conftest import ARTIFACT, CONTENTS, MODEL, World, written
from tfbatch_functions.planning.refusals import ArtifactChanged

if TYPE_CHECKING:
    from typing import Any


def _journal(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_artifact_that_is_not_the_reviewed_one_starts_no_run(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    world.s3.put_object(Bucket=world.work, Key=ARTIFACT, Body=b"somebody else's model")
    with pytest.raises(
        ArtifactChanged, match=r"is not what was deployed: it can't be read as a \.tar\.gz"
    ):
        world.plan()
    assert "executions/night/shards.json" not in world.keys(world.work)


def test_an_artifact_that_is_gone_is_told_before_a_job_fails_on_it(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    world.s3.delete_object(Bucket=world.work, Key=ARTIFACT)
    with pytest.raises(ArtifactChanged, match=r"is gone: deploy again"):
        world.plan()


def test_an_artifact_is_read_once_and_again_when_it_was_written_again(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.upload({"a.jpg": b"1"})
    for _ in range(2):
        world.plan()
    assert [line["artifact_read"] for line in _journal(capsys)] == [True, False]
    world.s3.put_object(Bucket=world.work, Key=ARTIFACT, Body=b"replaced after the first run")
    with pytest.raises(ArtifactChanged):
        world.plan()
    (line,) = _journal(capsys)
    assert (line["level"], line["error"]) == ("ERROR", "ArtifactChanged")
    assert line["execution"] == "night"


def _archive(contents: bytes, *, name: str = "1/saved_model.pb", more: bytes = b"") -> bytes:
    """An archive as ``tar`` would write it, with something behind its end."""
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(contents), 1_700_000_000
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        archive.addfile(member, io.BytesIO(contents))
    return written.getvalue() + more


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (_archive(CONTENTS), "it was not written by a synthesis"),
        (_archive(CONTENTS, more=_archive(b"an archive behind it")), "data behind its end"),
        (MODEL + b"\0", "data behind its end"),
        (MODEL + gzip.compress(MODEL), "data behind its end"),
        (MODEL[:-9], "it ends too early"),
        (MODEL.replace(CONTENTS, CONTENTS[::-1]), "can't be read"),
        (b"", "can't be read"),
    ],
)
def test_the_same_members_in_another_archive_are_another_artifact(
    world: World, archive: bytes, reason: str
) -> None:
    world.upload({"a.jpg": b"1"})
    world.s3.put_object(Bucket=world.work, Key=ARTIFACT, Body=archive)
    with pytest.raises(ArtifactChanged, match=reason):
        world.plan()


def test_other_contents_in_the_same_archive_are_another_artifact(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    world.s3.put_object(Bucket=world.work, Key=ARTIFACT, Body=written(CONTENTS[::-1]))
    with pytest.raises(ArtifactChanged, match=r"the digest of its members is [0-9a-f]{64}, and"):
        world.plan()
