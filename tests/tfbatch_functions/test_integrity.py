"""The artifact that is run is the one that was reviewed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.tfbatch_functions.conftest import ARTIFACT, World
from tfbatch_functions.planning.refusals import ArtifactChanged

if TYPE_CHECKING:
    from typing import Any


def _journal(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_artifact_that_is_not_the_reviewed_one_starts_no_run(world: World) -> None:
    world.upload({"a.jpg": b"1"})
    world.s3.put_object(Bucket=world.work, Key=ARTIFACT, Body=b"somebody else's model")
    with pytest.raises(
        ArtifactChanged, match=r"is not what was deployed: its SHA-256 is [0-9a-f]+"
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
