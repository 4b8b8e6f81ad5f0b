"""inspect: what a model takes and gives, wherever it lies, without TensorFlow."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tfbatch.cli import cli

if TYPE_CHECKING:
    from pathlib import Path


def inspect(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["inspect", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def document(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["inspect", *map(str, arguments), "--json"])
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_signatures_are_those_that_tensorflow_shows(saved_models: Path) -> None:
    said = inspect(saved_models / "image" / "1")
    assert "serving_default  tensorflow/serving/predict" in said
    assert "input  image_bytes    string[?]   serving_default_image_bytes:0" in said
    assert "output classes        int64[?]    PartitionedCall:0" in said
    assert "output probabilities  float[?,3]  PartitionedCall:1" in said
    assert "TensorFlow 2." in said


def test_it_says_how_records_become_inputs(saved_models: Path) -> None:
    image = document(saved_models / "image")["records"]
    assert image["image/jpeg, image/png, image/*"] == "the object's bytes, to image_bytes"
    tfexample = "application/x-tfexample, application/x-tfrecord"
    assert image[tfexample] == "features: 'image/encoded' to image_bytes"
    vector = document(saved_models / "vector")["records"]
    assert vector["text/csv"] == "a row: 3 float, to x"
    assert "image/jpeg, image/png, image/*" not in vector
    whole = document(saved_models / "examples")["records"]
    assert whole[tfexample] == "the serialized tf.Example or tf.SequenceExample, whole, to inputs"
    renamed = document(saved_models / "vector", "--feature", "x=features/x")["records"]
    assert renamed[tfexample] == "features: 'features/x' to x"


def test_of_several_versions_the_served_one_is_shown(saved_models: Path, tmp_path: Path) -> None:
    shutil.copytree(saved_models / "vector" / "1", tmp_path / "9")
    shutil.copytree(saved_models / "vector" / "2", tmp_path / "10")
    found = document(tmp_path)
    assert (found["folder"], found["others"]) == ("10/", ["9/"])


@pytest.mark.parametrize("prefix", ["", "./"])
def test_an_archive_is_looked_into_without_unpacking(
    saved_models: Path, tmp_path: Path, prefix: str
) -> None:
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(saved_models / "image" / "1", f"{prefix}1")
    found = document(path)
    folder = document(saved_models / "image")
    assert found["signatures"] == folder["signatures"]
    assert found["handler"] is False
    assert found["bytes"] == folder["bytes"]


def test_a_model_that_the_handler_cant_feed_says_why(saved_models: Path) -> None:
    said = inspect(saved_models / "vector", "--feature", "y=z", code=3)
    assert "The handler can't serve it: a tf.Example feature is named for 'y'" in said


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.tar.gz", b"no archive", "can't be read as an archive"),
        ("model.tar.gz", b"", "can't be read as an archive"),
        ("saved_model.pb", b"\xff\xff", "saved_model.pb: "),
        ("saved_model.pb", b"", "no graph is tagged 'serve'"),
        ("readme.txt", b"", "no saved_model.pb in it (it holds readme.txt)"),
        ("weights.h5", b"", "keras.models.load_model('weights.h5').export(FOLDER), or name a"),
        ("model.keras", b"", "model.keras is no SavedModel: make one of"),
    ],
)
def test_what_is_no_model_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    where = tmp_path / name if name.startswith("model") else tmp_path
    assert message in inspect(where, code=1)


def test_tensorflow_is_not_imported(saved_models: Path) -> None:
    code = (
        "import sys; from tfbatch.inspect.inspection import inspect; "
        "inspect(sys.argv[1], features={}); print('tensorflow' in sys.modules)"
    )
    arguments = [sys.executable, "-c", code, str(saved_models / "image")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
