"""A stage whose model can take none of its formats isn't deployed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stacks.stages import JPEG, TFRECORD, stage_named
from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model.acceptance import refusals
from tfbatch_cdk.model.lock import Lock, LockedFile
from tfbatch_cdk.settings import Format, Model, Stage
from tfbatch_handler.environment import Settings
from tfbatch_handler.signature import Signature, Tensor

if TYPE_CHECKING:
    from pathlib import Path

CSV = Format(content_type="text/csv", split_type="Line")
OWN = Format(content_type="application/x-rot13")


@pytest.fixture
def vector(saved_models: Path) -> Model:
    return Model(name="vector", directory=saved_models / "vector")


def _stage(*models: Model, **formats: Format) -> Stage:
    return replace(stage_named("dev"), models=models, formats=formats)


def test_a_model_that_takes_none_of_the_formats_stops_the_synthesis(vector: Model) -> None:
    with pytest.raises(SettingsError, match="the model 'vector' takes none of them") as refused:
        refusals(_stage(vector, jpeg=JPEG))
    assert "Stage.formats = jpeg" in str(refused.value)
    assert "jpeg: an image is one string of bytes" in str(refused.value)
    assert "(x: float[?,3]) -> (y: float[?,2])" in str(refused.value)


def test_a_format_that_one_model_cannot_take_is_refused_for_it_with_those_that_fit(
    vector: Model,
) -> None:
    demo = stage_named("dev").models[0]
    found = refusals(_stage(demo, vector, jpeg=JPEG, csv=CSV, tfrecord=TFRECORD))
    assert {name: list(formats) for name, formats in found.items()} == {"vector": ["jpeg"]}
    assert found["vector"]["jpeg"].endswith("Use csv or tfrecord.")


def test_a_format_with_key_fields_is_refused_beside_an_output_named_key(vector: Model) -> None:
    model = replace(vector, handler=Settings(output="fields", fields={"key": "y"}))
    keyed = Format(content_type="application/jsonlines", split_type="Line", keys=("id",))
    plain = replace(keyed, keys=())
    found = refusals(_stage(model, keyed=keyed, plain=plain))
    assert list(found["vector"]) == ["keyed"]
    assert "fields={'value': 'y'}" in found["vector"]["keyed"]


def test_a_content_type_without_a_format_is_refused(vector: Model) -> None:
    with pytest.raises(SettingsError, match="no format for Content-Type 'application/x-rot13'"):
        refusals(_stage(vector, own=OWN))


@pytest.mark.parametrize(
    "declared",
    ["('application/x-rot13',)", "['application/*']", "tuple(KINDS)"],
)
def test_a_format_of_the_projects_own_is_not_judged(
    vector: Model, tmp_path: Path, declared: str
) -> None:
    own = tmp_path / "formats" / "rot13.py"
    own.parent.mkdir()
    own.write_text(f"KINDS = []\nCONTENT_TYPES = {declared}\ndef decode(payload, request): ...\n")
    assert refusals(_stage(replace(vector, code=tmp_path), own=OWN)) == {}


def test_photographs_for_a_model_of_pixels_are_refused_with_the_command_that_helps(
    tmp_path: Path,
) -> None:
    pixels = Tensor(name="x:0", dtype="FLOAT", shape=(-1, 224, 224, 3))
    scores = Tensor(name="y:0", dtype="FLOAT", shape=(-1, 1000))
    locked = Lock(
        source="s3://models/1/",
        version="1",
        files={"1/saved_model.pb": LockedFile(sha256="0" * 64, size=1)},
        signatures={"serving_default": Signature(inputs={"x": pixels}, outputs={"y": scores})},
        tensorflow="2.21.0",
        labels={},
    )
    (tmp_path / "floatimage.lock.json").write_text(locked.text())
    model = Model(name="floatimage", directory=tmp_path / "floatimage")
    found = refusals(_stage(model, jpeg=JPEG, tfrecord=TFRECORD))
    assert found["floatimage"]["jpeg"] == (
        "an image is one string of bytes, and the model takes (x: float[?,224,224,3]) -> "
        "(y: float[?,1000]). Use tfrecord. 'tfbatch wrap' puts the decoding of images into a model "
        "that takes pixels."
    )
