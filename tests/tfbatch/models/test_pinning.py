"""``tfbatch model``: add, update, fetch and verify, from every kind of source."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import tarfile
import threading
from typing import TYPE_CHECKING, Any, Literal

import boto3
import pytest
from click.testing import CliRunner, Result

from tfbatch.cli import cli
from tfbatch_cdk.model import lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfbatch_sandbox.sandbox import Sandbox


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``models/`` of a project, in which the commands run."""
    folder = tmp_path / "project" / "models"
    folder.parent.mkdir()
    monkeypatch.chdir(folder.parent)
    (folder.parent / "cdk.json").write_text("{}")
    return folder


@pytest.fixture
def exported(saved_models: Path, tmp_path: Path) -> Path:
    """Two versions of a model with class names, as a training job leaves them."""
    folder = tmp_path / "job" / "export"
    shutil.copytree(saved_models / "vector", folder)
    (folder / "labels.txt").write_text("cat\ndog\n")
    (folder / "2" / ".cache").write_text("hidden")
    return folder


def _tfbatch(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["model", *arguments])


def _archive(folder: Path, target: Path, *, inside: str) -> Path:
    with tarfile.open(target, "w:gz") as archive:
        archive.add(folder, inside)
    return target


class Sources:
    """The same model in every kind of source."""

    def __init__(self, exported: Path, web: str) -> None:
        self._exported, self._web = exported, web

    def uri(self, kind: str) -> str:
        folder = self._exported
        match kind:
            case "folder of versions":
                return str(folder)
            case "folder of a version":
                return str(folder / "2")
            case "archive":
                return str(_archive(folder, folder.parent / "model.tar.gz", inside="./export/a"))
            case "https archive":
                _archive(folder, folder.parent / "model.tar.gz", inside="export")
                return f"{self._web}/model.tar.gz"
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="models")
        if kind == "s3 archive":
            _archive(folder, folder.parent / "model.tar.gz", inside=".")
            s3.upload_file(str(folder.parent / "model.tar.gz"), "models", "job-7/model.tar.gz")
            return "s3://models/job-7/model.tar.gz"
        for file in folder.rglob("*"):
            if file.is_file():
                s3.upload_file(str(file), "models", f"job-7/{file.relative_to(folder)}")
        return "s3://models/job-7/"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:  # noqa: ANN401 # its own types
        pass


@pytest.fixture
def sources(exported: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sources]:
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    handler = functools.partial(_Quiet, directory=str(exported.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Sources(exported, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.mark.parametrize(
    "kind",
    [
        "folder of versions",
        "folder of a version",
        "archive",
        "https archive",
        "s3 archive",
        "s3 folder",
    ],
)
def test_every_kind_of_source_gives_the_newest_version_and_the_lock_fetches_it_again(
    sources: Sources, models: Path, exported: Path, kind: str
) -> None:
    uri = sources.uri(kind)
    assert _tfbatch("add", "vector", uri).exit_code == 0
    found = lock.read(models / "vector.lock.json")
    assert found is not None
    assert (found.source, found.version) == (uri, "2")
    assert found.labels == ({} if kind == "folder of a version" else {"labels.txt": 2})
    assert str(found.signatures["serving_default"]) == "(x: float[?,3]) -> (y: float[?,2])"
    weights = "variables/variables.data-00000-of-00001"
    assert (models / "vector" / "2" / weights).read_bytes() == (
        exported / "2" / weights
    ).read_bytes()
    assert not list(models.rglob(".cache"))

    shutil.rmtree(models / "vector")
    assert _tfbatch("verify").output == "vector: not on this machine\n"
    assert "fetched from" in _tfbatch("fetch").output
    assert _tfbatch("verify", "vector").output == "vector: as locked\n"
    assert "is here already" in _tfbatch("fetch", "vector").output


def test_a_model_that_changed_is_told_and_updated(models: Path, exported: Path) -> None:
    assert _tfbatch("add", "vector", str(exported)).exit_code == 0
    before = (models / "vector.lock.json").read_text()
    (models / "vector" / "labels.txt").write_text("cat\ndog\nfox\n")
    told = _tfbatch("verify", "--json")
    assert told.exit_code == 3
    assert json.loads(told.stdout) == {
        "model": "vector",
        "here": True,
        "changed": ["labels.txt has changed"],
    }
    refused = _tfbatch("fetch", "vector")
    assert refused.exit_code == 1
    assert "--again" in refused.output

    assert "3 class names" in _tfbatch("update", "vector", "models/vector").output
    document = json.loads((models / "vector.lock.json").read_text())
    assert document["source"] == "models/vector"
    assert _tfbatch("verify").exit_code == 0

    assert _tfbatch("update", "vector", str(exported)).exit_code == 0
    assert (models / "vector.lock.json").read_text() == before
    assert "is the locked one" in _tfbatch("update", "vector").output


def test_files_that_are_not_locked_are_replaced_only_when_asked(
    models: Path, exported: Path
) -> None:
    _tfbatch("add", "vector", str(exported))
    (models / "vector" / "2" / "saved_model.pb").write_bytes(b"broken")
    assert _tfbatch("fetch").exit_code == 1
    assert _tfbatch("fetch", "--again").exit_code == 0
    assert _tfbatch("verify").exit_code == 0


def test_the_locked_version_is_fetched_when_the_source_has_a_newer_one(
    models: Path, exported: Path
) -> None:
    _tfbatch("add", "vector", str(exported))
    shutil.copytree(exported / "1", exported / "10")
    shutil.rmtree(models / "vector")
    assert _tfbatch("fetch").exit_code == 0
    assert _tfbatch("update", "vector").exit_code == 0
    assert sorted(path.name for path in (models / "vector").iterdir()) == ["10", "labels.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "Vector_1", "."), "use lower-case letters"),
        (("add", "vector", "nowhere"), "is not a folder"),
        (("add", "vector", "ftp://host/model.tar.gz"), "use a path, s3://… or https://…"),
        (("add", "vector", "http://host/model.tar.gz"), "use a path, s3://… or https://…"),
        (("add", "vector", "."), "has no saved_model.pb"),
        (("update", "vector"), "lock a model with 'tfbatch model add vector SOURCE'"),
        (("verify", "vector"), "lock a model with 'tfbatch model add vector SOURCE'"),
    ],
)
def test_what_cannot_be_locked_is_refused_with_the_remedy(
    models: Path, arguments: tuple[str, ...], said: str
) -> None:
    refused = _tfbatch(*arguments)
    assert refused.exit_code in {1, 2}
    assert said in " ".join(refused.output.split()) + str(refused.exception)
    assert not (models / "vector").exists()


def test_a_folder_without_a_lock_is_not_overwritten(models: Path, exported: Path) -> None:
    shutil.copytree(exported, models / "vector")
    assert "there, without a lock" in _tfbatch("add", "vector", str(exported)).output
    assert _tfbatch("add", "vector", "models/vector").exit_code == 0
    assert "tfbatch model update vector" in _tfbatch("add", "vector", str(exported)).output
    shutil.rmtree(models / "vector")
    assert "no source but the model's own folder" in _tfbatch("fetch").output


def test_a_member_that_leads_out_of_the_model_is_left_out(
    models: Path, exported: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(exported / "2", "2")
        archive.add(exported / "labels.txt", "2/../../../escaped.txt")
    assert _tfbatch("add", "vector", str(path)).exit_code == 0
    assert not list(tmp_path.rglob("escaped.txt"))
    assert (models / "vector" / "2" / "saved_model.pb").is_file()


@pytest.mark.parametrize("status", ["Approved", "Rejected", "PendingManualApproval"])
def test_a_model_package_is_a_source_if_it_is_approved(
    sources: Sources, models: Path, status: Literal["Approved", "Rejected", "PendingManualApproval"]
) -> None:
    uri = sources.uri("s3 archive")
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="vectors")
    arn = sagemaker.create_model_package(
        ModelPackageGroupName="vectors",
        ModelApprovalStatus=status,
        InferenceSpecification={
            "Containers": [{"Image": "an-image", "ModelDataUrl": uri}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    done = _tfbatch("add", "vector", arn)
    if status != "Approved":
        assert done.exit_code == 1
        assert f"is {status}: approve the version in the registry" in done.output
        assert not (models / "vector.lock.json").exists()
        return
    assert done.exit_code == 0, done.output
    found = lock.read(models / "vector.lock.json")
    assert found is not None
    assert found.source == arn
    shutil.rmtree(models / "vector")
    assert _tfbatch("fetch").exit_code == 0
    assert (models / "vector" / found.version / "saved_model.pb").is_file()
