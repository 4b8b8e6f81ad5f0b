"""``tfbatch wrap`` against Pillow, keras.applications and the original in plain TensorFlow."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageOps

from tests.tfbatch_handler.serving import OldContext
from tests.tfbatch_sandbox.model_server.model_servers import started
from tests.zoo.conftest import zoo_folder
from tfbatch.cli import cli
from tfbatch_handler.handler import Handler
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["zoo_folder"]

ORIENTATION = 0x0112


def _wrap(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["wrap", *arguments])


def _picture(height: int, width: int) -> Any:  # noqa: ANN401 # Pillow's
    """Another color in each corner, so that every turn and mirroring shows."""
    y, x = np.mgrid[0:height, 0:width]
    colors = np.stack([255 * x // width, 255 * y // height, 255 - 255 * x // width], -1)
    return Image.fromarray(colors.astype(np.uint8))


def _png(height: int, width: int) -> bytes:
    file = io.BytesIO()
    _picture(height, width).save(file, "PNG")
    return file.getvalue()


def _jpeg(orientation: int | None, *, byte_order: str = "<") -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif.endian = byte_order
    exif[0x010F] = "a camera that comes before it"
    if orientation is not None:
        exif[ORIENTATION] = orientation
    _picture(30, 40).save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("byte_order", ["<", ">"])
@pytest.mark.parametrize("orientation", [None, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
def test_a_photograph_is_turned_as_pillow_turns_it(
    orientation: int | None, byte_order: str
) -> None:
    import tensorflow as tf  # noqa: PLC0415

    from tfbatch.wrap import orientation as exif  # noqa: PLC0415

    encoded = _jpeg(orientation, byte_order=byte_order)
    stored = tf.io.decode_image(encoded, channels=3, expand_animations=False)
    with Image.open(io.BytesIO(encoded)) as opened:
        pixels = Image.fromarray(stored.numpy())
        pixels.info["exif"] = opened.info["exif"]
        pixels._exif = opened.getexif()  # noqa: SLF001 # as if it were read from the file
        wanted = np.asarray(ImageOps.exif_transpose(pixels))
    found = tf.function(lambda image, file: exif.turned(image, exif.orientation(file)))(
        stored, encoded
    )
    assert np.array_equal(found.numpy(), wanted)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8" + b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"\xff\xd8" + b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"no jpeg, with Exif\0\0II*\0\x08\0\0\0",
    ],
)
def test_a_damaged_header_turns_nothing(damaged: bytes) -> None:
    import tensorflow as tf  # noqa: PLC0415

    from tfbatch.wrap.orientation import orientation  # noqa: PLC0415

    assert int(orientation(tf.constant(damaged)).numpy()) == 1


@pytest.mark.parametrize(
    ("pixels", "mode"), [("-1..1", "tf"), ("caffe", "caffe"), ("torch", "torch")]
)
def test_pixels_are_scaled_as_keras_applications_scale_them(pixels: str, mode: str) -> None:
    import keras  # noqa: PLC0415

    from tfbatch.wrap.plan import Pixels  # noqa: PLC0415
    from tfbatch.wrap.preprocessing import prepared  # noqa: PLC0415

    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    wanted = keras.applications.imagenet_utils.preprocess_input(image.astype("float32"), mode=mode)
    plan = Pixels(
        input="x",
        dtype="FLOAT",
        height=None,
        width=None,
        channels=3,
        pixels=pixels,
        fit="crop",
        exif=False,
        decode="exact",
        batch="many",
    )
    np.testing.assert_allclose(prepared(image, plan).numpy(), wanted, rtol=1e-5, atol=1e-5)


def _served(folder: Path, name: str, images: Sequence[bytes], code: Path) -> list[Any]:
    """What the handler says of encoded images, with the sandbox's model server."""
    process, url = started(folder, models=[name])
    handler = Handler(code=code, environment={})
    try:
        context = OldContext(f"{url}/{name}:predict", "image/png", "application/jsonlines")
        answers = [handler(io.BytesIO(image), context)[0] for image in images]
    finally:
        handler.close()
        supervision.stop(process)
    return [json.loads(answer)["predictions"][0] for answer in answers]


def _original(folder: Path, **inputs: Any) -> Any:  # noqa: ANN401 # arrays
    import tensorflow as tf  # noqa: PLC0415

    call = tf.saved_model.load(str(folder / "1")).signatures["serving_default"]
    found = call(**{name: tf.constant(value) for name, value in inputs.items()})
    return {name: value.numpy() for name, value in found.items()}


def test_a_model_that_takes_pixels_predicts_photographs_as_the_original_does(
    zoo_folder: Path, tmp_path: Path
) -> None:
    import tensorflow as tf  # noqa: PLC0415

    source = zoo_folder / "pixels_float"
    made = _wrap(
        str(source), str(tmp_path / "made"), "--pixels", "0..1", "--fit", "squash", "--json"
    )
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert told["is"] == "(image_bytes: string[?]) -> (output_0: float[?,3])"
    assert told["photographs"] == 3
    sizes = [(20, 30), (8, 8), (64, 16)]
    rows = _served(tmp_path, "made", [_png(*size) for size in sizes], tmp_path)
    for size, row in zip(sizes, rows, strict=True):
        pixels = np.asarray(_picture(*size), np.float32)
        resized = tf.image.resize(pixels, [8, 8]).numpy() / 255
        wanted = _original(source, pixels=resized[None])["output_0"][0]
        np.testing.assert_allclose(row, wanted, rtol=1e-4)


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_a_large_photograph_is_served_scaled_with_what_it_is_resized_to(
    zoo_folder: Path, tmp_path: Path, fit: str
) -> None:
    import tensorflow as tf  # noqa: PLC0415

    source = zoo_folder / "pixels_float"  # 8 x 8
    photo = tmp_path / "photo.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (240, 300, 3)).astype(np.uint8)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(noise).save(photo, "JPEG", quality=95, exif=exif)
    options = ("--pixels", "0..1", "--fit", fit, "--exif", "--decode", "scaled")
    made = _wrap(str(source), str(tmp_path / "made"), *options, "--photo", str(photo))
    assert made.exit_code == 0, made.output
    (row,) = _served(tmp_path, "made", [photo.read_bytes()], tmp_path)

    small = tf.io.decode_jpeg(photo.read_bytes(), channels=3, ratio=8)
    upright = np.rot90(small.numpy(), 3).astype(np.float32)
    if fit == "crop":
        resized = tf.image.resize(upright[(38 - 30) // 2 :][:30], [8, 8])
    else:
        resized = tf.image.resize_with_pad(upright, 8, 8)
    wanted = _original(source, pixels=resized.numpy()[None] / 255)["output_0"][0]
    np.testing.assert_allclose(row, wanted, rtol=1e-4)


def test_a_model_of_a_batch_of_one_gets_batches_and_images_of_any_size(
    zoo_folder: Path, tmp_path: Path
) -> None:
    source = zoo_folder / "batch_of_one"
    made = _wrap(str(source), str(tmp_path / "made"), "--json")
    assert made.exit_code == 0, made.output
    sizes = [(20, 30), (8, 9)]
    rows = _served(tmp_path, "made", [_png(*size) for size in sizes], tmp_path)
    for size, row in zip(sizes, rows, strict=True):
        wanted = _original(source, input_tensor=np.asarray(_picture(*size))[None])
        assert row["num_detections"] == 3
        np.testing.assert_allclose(row["detection_scores"], wanted["detection_scores"][0], 1e-4)


def test_a_model_without_a_batch_dimension_gets_one(tmp_path: Path) -> None:
    import tensorflow as tf  # noqa: PLC0415

    module = tf.Module()
    spec = tf.TensorSpec([None, None, 3], tf.float32, "image")
    module.serve = tf.function(
        lambda image: {"boxes": tf.ones([5, 4]) * tf.reduce_mean(image)}, input_signature=[spec]
    )
    tf.saved_model.save(
        module, str(tmp_path / "source" / "7"), signatures={"serving_default": module.serve}
    )
    (tmp_path / "source" / "labels.txt").write_text("cat\n")
    made = _wrap(
        str(tmp_path / "source"), str(tmp_path / "made"), "--pixels", "0..255", "--size", "9x9"
    )
    assert made.exit_code == 0, made.output
    assert "(image_bytes: string[?]) -> (boxes: float[?,5,4])" in made.output
    assert (tmp_path / "made" / "labels.txt").read_text() == "cat\n"


def test_top_k_and_another_signature_go_into_the_graph(zoo_folder: Path, tmp_path: Path) -> None:
    made = _wrap(str(zoo_folder / "keras_sequential"), str(tmp_path / "made"), "--top-k", "2")
    assert "(x: float[?,4]) -> (classes: int64[?,2], probabilities: float[?,2])" in made.output
    x = np.ones((3, 4), np.float32)
    scores = _original(zoo_folder / "keras_sequential", x=x)["output_0"]
    found = _original(tmp_path / "made", x=x)
    assert np.array_equal(found["classes"], np.argsort(-scores, 1)[:, :2])

    other = _wrap(
        str(zoo_folder / "another_signature"), str(tmp_path / "other"), "--signature", "embed"
    )
    assert "is   (x: float[?,2]) -> (embedding: float[?,4])" in other.output


@pytest.mark.parametrize(
    ("model", "options", "says"),
    [
        ("pixels_float", (), "add --pixels 0..255, 0..1, -1..1, caffe, torch"),
        ("pixels_float", ("--pixels", "0..1", "--size", "9x9"), "--size = 9x9: the model takes"),
        ("pixels_float", ("--pixels", "0..1", "--size", "big"), "write it as HEIGHTxWIDTH"),
        (
            "pixels_uint8",
            ("--pixels", "torch"),
            "the model takes uint8[?,4,4,3], pixels as decoded",
        ),
        ("gray_of_any_size", ("--pixels", "caffe"), "it is for three colors"),
        ("pixels_float", ("--pixels", "0..1", "--signature", "nothing"), "the model has serve"),
        ("detections", ("--pixels", "0..1", "--top-k", "3"), "--top-k takes one output"),
        ("nowhere", (), "is not a folder"),
        ("keras_sequential", ("--decode", "scaled"), "which is no image"),
        (
            "gray_of_any_size",
            ("--pixels", "0..1", "--decode", "scaled"),
            "--decode scaled: the model takes",
        ),
    ],
)
def test_what_cannot_be_wrapped_is_refused_with_the_remedy(
    zoo_folder: Path, tmp_path: Path, model: str, options: tuple[str, ...], says: str
) -> None:
    refused = _wrap(str(zoo_folder / model), str(tmp_path / "made"), *options)
    assert refused.exit_code == 1
    assert says in " ".join(refused.output.split())
    assert not (tmp_path / "made").exists()


def test_a_folder_that_exists_is_not_overwritten(zoo_folder: Path, tmp_path: Path) -> None:
    refused = _wrap(str(zoo_folder / "pixels_uint8"), str(tmp_path))
    assert "it exists; delete it, or name another folder" in refused.output
