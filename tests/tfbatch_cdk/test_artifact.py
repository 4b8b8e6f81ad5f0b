"""Tests of the model artifact: layout, reproducible bytes, and refused models."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stacks.stages import stage_named
from tests.paths import REPOSITORY
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import tarball
from tfbatch_cdk.model.artifact import artifact_of
from tfbatch_handler.environment import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch_cdk.settings import Model

DEMO = stage_named("dev").models[0]


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """A copy of the demo model that a test may change."""
    copy = tmp_path / "model"
    shutil.copytree(DEMO.directory, copy)
    return replace(DEMO, directory=copy)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return shutil.copytree(REPOSITORY / "model_code", tmp_path / "code")


def _write(target: Path, model: Model) -> bytes:
    tarball.write(target, artifact_of(model).sources())
    return target.read_bytes()


def test_the_layout_is_the_containers(tmp_path: Path) -> None:
    _write(tmp_path / "model.tar.gz", DEMO)
    with tarfile.open(tmp_path / "model.tar.gz") as archive:
        names = archive.getnames()
    assert {"1/saved_model.pb", "1/variables/variables.index"} <= set(names)
    assert {"code/inference.py", "code/labels.txt"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_what_comes_out_is_what_went_in(tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    _write(archive, DEMO)
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(out)], check=True)
    for name, source in artifact_of(DEMO).sources().items():
        assert (out / name).read_bytes() == source.read_bytes()


@pytest.mark.parametrize("size", [0, 1, 0xFFFE, 0xFFFF, 0x10000, 3 * 0xFFFF, 1_000_000])
def test_stored_blocks_of_every_length_are_gzip(tmp_path: Path, size: int) -> None:
    source = tmp_path / "weights"
    source.write_bytes(os.urandom(size))
    tarball.write(tmp_path / "a.tar.gz", {"weights": source})
    with gzip.open(tmp_path / "a.tar.gz") as layer, tarfile.open(fileobj=layer) as archive:
        member = archive.extractfile("weights")
        assert member is not None
        assert member.read() == source.read_bytes()


def test_times_owners_and_modes_change_nothing(tmp_path: Path, model: Model, code: Path) -> None:
    before = artifact_of(replace(model, code=code))
    first = _write(tmp_path / "1.tar.gz", replace(model, code=code))
    for path in [*code.rglob("*"), *model.directory.rglob("*")]:
        os.utime(path, (1, 1))
        path.chmod(0o700)
    (code / "__pycache__").mkdir(exist_ok=True)
    (code / "__pycache__" / "inference.cpython-311.pyc").write_bytes(b"stale")
    (code / ".hidden").write_text("an editor's")
    assert artifact_of(replace(model, code=code)).digest == before.digest
    assert _write(tmp_path / "2.tar.gz", replace(model, code=code)) == first


def test_one_changed_line_changes_the_digest(model: Model, code: Path) -> None:
    before = artifact_of(replace(model, code=code)).digest
    with (code / "inference.py").open("a") as file:
        file.write("# a line\n")
    assert artifact_of(replace(model, code=code)).digest != before


def test_only_the_newest_version_is_shipped(model: Model) -> None:
    for version in ("2", "10"):
        shutil.copytree(model.directory / "1", model.directory / version)
    versions = {name.split("/")[0] for name in artifact_of(model).members}
    assert versions == {"10", "code"}


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no such directory.*make model"):
        artifact_of(replace(DEMO, directory=tmp_path / "nowhere"))


def test_a_directory_without_a_version_is_refused_with_what_it_has(model: Model) -> None:
    (model.directory / "1").rename(model.directory / "v1")
    with pytest.raises(SettingsError, match=r"no folder with a version number.*'v1'"):
        artifact_of(model)


def test_a_version_without_a_saved_model_is_refused_with_what_it_has(model: Model) -> None:
    (model.directory / "1" / "saved_model.pb").unlink()
    with pytest.raises(SettingsError, match=r"no saved_model\.pb, only.*'variables'"):
        artifact_of(model)


def test_a_file_that_is_no_saved_model_is_refused(model: Model) -> None:
    (model.directory / "1" / "saved_model.pb").write_bytes(b"\xff" * 99)
    with pytest.raises(SettingsError, match=r"Model\.directory = .*saved_model\.pb"):
        artifact_of(model)


def test_a_feature_for_an_input_that_is_not_there_is_refused(model: Model) -> None:
    with pytest.raises(SettingsError, match=r"'image'.*image_bytes"):
        artifact_of(replace(model, handler=Settings(features={"image": "image/encoded"})))


def test_an_output_that_the_model_does_not_give_is_refused(model: Model) -> None:
    chosen = replace(model, handler=Settings(output="fields", fields={"a": "logits"}))
    with pytest.raises(SettingsError, match=r"outputs logits, and the model gives"):
        artifact_of(chosen)


def test_a_signature_the_handler_cannot_find_is_refused(model: Model) -> None:
    file = model.directory / "1" / "saved_model.pb"
    renamed = file.read_bytes().replace(b"serving_default\x12", b"serving_another\x12")
    file.write_bytes(renamed)
    with pytest.raises(SettingsError, match=r"no signature 'serving_default'.*serving_another"):
        artifact_of(model)
