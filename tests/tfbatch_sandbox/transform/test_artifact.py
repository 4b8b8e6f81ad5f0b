"""Jobs share the work of unpacking an artifact, and nothing that they could change."""

from __future__ import annotations

import io
import tarfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tfbatch_sandbox.container.host.artifact import ARTIFACTS, fetch_artifact
from tfbatch_sandbox.transform.failure import JobFailure
from tfbatch_sandbox.transform.s3.location import Location
from tfbatch_sandbox.transform.s3.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Jobs

SCRIPT = "code/inference.py"


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the sandbox's artifacts."""
    monkeypatch.setenv(ARTIFACTS, str(tmp_path / "artifacts"))
    return tmp_path / "artifacts"


def put(jobs: Jobs, **members: bytes) -> Location:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    jobs.put_all({"model.tar.gz": packed.getvalue()})
    return Location(jobs.bucket, "model.tar.gz")


def test_a_job_that_writes_into_its_artifact_changes_no_other_jobs(
    jobs: Jobs, shared: Path, tmp_path: Path
) -> None:
    at = put(jobs, **{SCRIPT: b"handler = 1\n", "1/saved_model.pb": b"model"})
    first = fetch_artifact(at, tmp_path / "first", Store())
    (first / SCRIPT).write_text("handler = 2\n")
    (first / "1" / "saved_model.pb").unlink()
    (first / "new").touch()
    second = fetch_artifact(at, tmp_path / "second", Store())
    assert (second / SCRIPT).read_text() == "handler = 1\n"
    assert (second / "1" / "saved_model.pb").read_bytes() == b"model"
    assert not (second / "new").exists()
    assert len(list(shared.iterdir())) == 1


def test_jobs_that_need_it_at_once_each_get_it_whole(
    jobs: Jobs, shared: Path, tmp_path: Path
) -> None:
    at = put(jobs, **{str(number): bytes(number) for number in range(50)})
    store = Store()
    with ThreadPoolExecutor(4) as threads:
        folders = threads.map(
            lambda number: fetch_artifact(at, tmp_path / str(number), store), range(4)
        )
        for folder in folders:
            sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
            assert sizes == {str(number): number for number in range(50)}
    assert len(list(shared.iterdir())) == 1


def test_a_replaced_artifact_is_read_anew_and_a_deleted_one_not_at_all(
    jobs: Jobs, shared: Path, tmp_path: Path
) -> None:
    for text in (b"handler = 1\n", b"handler = 2\n"):
        model = fetch_artifact(put(jobs, **{SCRIPT: text}), tmp_path / text.decode()[-2], Store())
        assert (model / SCRIPT).read_bytes() == text
    assert len(list(shared.iterdir())) == 2
    jobs.s3.delete_object(Bucket=jobs.bucket, Key="model.tar.gz")
    with pytest.raises(JobFailure, match="ClientError: Failed to download model data"):
        fetch_artifact(Location(jobs.bucket, "model.tar.gz"), tmp_path / "gone", Store())
