"""A synthesis from a model's lock alone is the one from its files, and holds the files to it."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from stacks.stages import stage_named
from tests.tfbatch_cdk.conftest import synthesize
from tfbatch.models import pinning
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import lock
from tfbatch_cdk.model.artifact import artifact_of
from tfbatch_cdk.model.lock import LockError

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_cdk.settings import Model

DEMO = stage_named("dev").models[0]


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """The demo's model in a project of its own, locked, with the file server's copy as source."""
    directory = tmp_path / "project" / "models" / "demo"
    shutil.copytree(DEMO.directory, tmp_path / "shared" / "demo")
    pinning.pin(directory, str(tmp_path / "shared" / "demo"))
    return replace(DEMO, directory=directory)


def _asset(assembly: Path) -> dict[str, Any]:
    """The artifact's entry in the asset manifest."""
    (manifest,) = assembly.glob("*-inference.assets.json")
    files = json.loads(manifest.read_text())["files"].values()
    (found,) = (one for one in files if one.get("displayName", "").endswith("/model.tar.gz"))
    return dict(found)


def test_the_lock_alone_gives_the_template_and_the_object_that_the_files_give(
    model: Model, tmp_path: Path
) -> None:
    stage = replace(stage_named("dev"), models=(model,))
    whole = synthesize(tmp_path / "whole", stage)
    shutil.rmtree(model.directory)
    alone = synthesize(tmp_path / "alone", stage)
    assert alone.inference == whole.inference
    assert _asset(alone.directory)["destinations"] == _asset(whole.directory)["destinations"]

    made = subprocess.run(
        _asset(alone.directory)["source"]["executable"], capture_output=True, text=True, check=True
    )
    path = whole.directory / _asset(whole.directory)["source"]["path"]
    written = alone.directory / made.stdout.strip()
    assert written.read_bytes() == path.read_bytes()
    assert (model.directory / "1" / "saved_model.pb").is_file()


def test_a_deployment_refuses_a_source_that_changed_after_its_lock(
    model: Model, tmp_path: Path
) -> None:
    assembly = synthesize(tmp_path / "whole", replace(stage_named("dev"), models=(model,)))
    shutil.rmtree(model.directory)
    alone = synthesize(tmp_path / "alone", replace(stage_named("dev"), models=(model,)))
    assert assembly.inference == alone.inference
    (tmp_path / "shared" / "demo" / "labels.txt").write_text("somebody else's names\n")
    done = subprocess.run(
        _asset(alone.directory)["source"]["executable"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "isn't what demo.lock.json locks: labels.txt has changed" in done.stderr
    assert not model.directory.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1/saved_model.pb", "1/saved_model.pb has changed"),
        ("1/assets.extra/vocabulary.txt", "1/assets.extra/vocabulary.txt is not locked"),
        ("labels.txt", "labels.txt has changed"),
        ("2/saved_model.pb", "1/saved_model.pb is missing"),
    ],
)
def test_a_model_that_changed_without_its_lock_stops_the_synthesis(
    model: Model, name: str, said: str
) -> None:
    file = model.directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        shutil.copy(model.directory / "1" / "saved_model.pb", file)
    with file.open("ab") as more:
        more.write(b"\x52\x00")  # an empty field that no parser knows
    with pytest.raises(LockError, match=said) as refused:
        artifact_of(model)
    assert "'tfbatch model update demo" in str(refused.value)
    assert "'tfbatch model fetch demo'" in str(refused.value)


def test_a_file_that_is_gone_stops_the_synthesis(model: Model) -> None:
    (model.directory / "1" / "variables" / "variables.index").unlink()
    with pytest.raises(LockError, match=r"1/variables/variables\.index is missing"):
        artifact_of(model)


def test_signatures_that_the_lock_only_claims_stop_the_synthesis(model: Model) -> None:
    path = lock.path_of(model.directory)
    path.write_text(path.read_text().replace('"image_bytes"', '"image"'))
    with pytest.raises(LockError, match="the lock's signatures aren't those of its saved_model"):
        artifact_of(model)


def test_a_model_without_a_lock_and_without_files_is_told_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no lock nowhere\.lock\.json.*tfbatch model add"):
        artifact_of(replace(DEMO, directory=tmp_path / "nowhere"))


def test_class_names_that_the_lock_has_under_another_name_stop_the_synthesis(model: Model) -> None:
    handler = replace(model.handler, labels="classes.txt")
    with pytest.raises(LockError, match=r"tfbatch model update demo --labels classes\.txt"):
        artifact_of(replace(model, handler=handler))


@pytest.mark.parametrize(
    "change",
    [
        {"lock": 2},
        {"files": {}},
        {"files": {"../../etc/passwd": {"sha256": "0" * 64, "bytes": 1}}},
        {"files": {"1/saved_model.pb": {"sha256": "short", "bytes": 1}}},
        {"signatures": {"serving_default": {}}},
        {"note": "a field of nobody's"},
    ],
)
def test_a_lock_that_is_not_one_is_refused_with_the_remedy(
    model: Model, change: dict[str, Any]
) -> None:
    path = lock.path_of(model.directory)
    document = json.loads(path.read_text()) | change
    with pytest.raises(LockError, match=r"demo\.lock\.json can't be read.*tfbatch model add demo"):
        lock.parse(json.dumps(document).encode(), where=str(path))


def test_a_lock_is_read_as_it_was_written(model: Model) -> None:
    text = lock.path_of(model.directory).read_text()
    assert lock.parse(text.encode(), where="commit:models/demo.lock.json").text() == text
