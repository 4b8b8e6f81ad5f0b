"""What is decoded of an image against plain TensorFlow, which decodes all of it."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tfbatch.wrap.decoding import View
    from tfbatch.wrap.orientation import Box
    from tfbatch.wrap.plan import Fit

ORIENTATION = 0x0112
HEIGHT, WIDTH = 20, 24  # of a model's input
TURNS: dict[int, Callable[[Any], Any]] = {
    1: lambda pixels: pixels,
    2: np.fliplr,
    3: functools.partial(np.rot90, k=2),
    4: np.flipud,
    5: functools.partial(np.transpose, axes=(1, 0, 2)),
    6: functools.partial(np.rot90, k=3),
    7: lambda pixels: np.rot90(np.transpose(pixels, (1, 0, 2)), 2),
    8: np.rot90,
}


@pytest.fixture(autouse=True)
def _small_files_count_as_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfbatch.wrap.decoding._WORTH_BYTES", 0)


def _files(count: int) -> Iterator[tuple[bytes, int]]:
    """JPEG files of any kind, and their orientations."""
    rng = np.random.default_rng(count)
    for number in range(count):
        mode = ("RGB", "RGB", "RGB", "L", "CMYK")[number % 5]
        height, width = rng.integers(1, 300, 2)
        pixels = rng.integers(0, 256, (height // 7 + 1, width // 7 + 1, 3)).astype(np.uint8)
        picture = Image.fromarray(pixels).resize((width, height)).convert(mode)
        exif, turn = Image.Exif(), int(rng.integers(1, 9))
        exif[ORIENTATION] = turn
        options: dict[str, Any] = {"quality": int(rng.integers(20, 100)), "exif": exif}
        options |= {"progressive": bool(rng.integers(2)), "optimize": bool(rng.integers(2))}
        options |= {"subsampling": int(rng.integers(3))} if mode == "RGB" else {}
        options |= {"restart_marker_blocks": 3} if rng.integers(3) == 0 else {}
        file = io.BytesIO()
        picture.save(file, "JPEG", **options)
        yield file.getvalue(), turn


def _damaged(file: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(2, len(file)))
    noise = rng.integers(0, 256, 5).astype(np.uint8).tobytes()
    ways = (
        file[:at],  # cut short
        file[: -int(rng.integers(1, 40))],  # cut short at its end
        file[:at] + noise + file[at:],
        file[:at] + noise + file[at + len(noise) :],
    )
    return ways[int(rng.integers(len(ways)))]


def _view(*, exif: bool = True, is_scaled: bool = False) -> View:
    from tfbatch.wrap import decoding  # noqa: PLC0415 - imports TensorFlow
    from tfbatch.wrap.orientation import Box  # noqa: PLC0415

    def box(height: Any, width: Any) -> Box:  # noqa: ANN401
        """Nine tenths of the height and seven of the width, out of the middle."""
        high, wide = (height * 9 + 9) // 10, (width * 7 + 9) // 10
        return Box((height - high) // 3, (width - wide) // 4, high, wide)

    enough = decoding.at_least(HEIGHT, WIDTH) if is_scaled else None
    return decoding.View(box=box, exif=exif, is_enough=enough)


@functools.cache
def _decoder(*, is_scaled: bool) -> Any:  # noqa: ANN401 # a function of TensorFlow
    import tensorflow as tf  # noqa: PLC0415 - seconds

    from tfbatch.wrap.decoding import decode  # noqa: PLC0415

    spec = [tf.TensorSpec([], tf.string)]
    return tf.function(
        lambda file: decode(file, _view(is_scaled=is_scaled), _as_floats), input_signature=spec
    )


def _as_floats(part: Any) -> Any:  # noqa: ANN401
    import tensorflow as tf  # noqa: PLC0415 - seconds

    return tf.cast(part, tf.float32)


def _cut(pixels: Any) -> Any:  # noqa: ANN401
    top, left, height, width = _view().box(*pixels.shape[:2])
    return pixels[top : top + height, left : left + width]


def _whole(file: bytes, turn: int, *, ratio: int = 1) -> Any:  # noqa: ANN401
    """The part of all pixels, or ``None`` if the file can't be decoded."""
    import tensorflow as tf  # noqa: PLC0415 - seconds

    try:
        if ratio == 1:
            pixels = tf.io.decode_image(file, channels=3, expand_animations=False)
        else:
            pixels = tf.io.decode_jpeg(file, channels=3, ratio=ratio)
    except tf.errors.InvalidArgumentError:
        return None
    return _cut(TURNS[turn](pixels.numpy()))


def _part(file: bytes, *, is_scaled: bool = False) -> Any:  # noqa: ANN401
    import tensorflow as tf  # noqa: PLC0415 - seconds

    try:
        return _decoder(is_scaled=is_scaled)(file).numpy()
    except tf.errors.InvalidArgumentError:
        return None


def _largest_ratio(file: bytes, turn: int) -> int:
    with Image.open(io.BytesIO(file)) as opened:
        stored = opened.size[::-1]
    height, width = stored if turn <= 4 else stored[::-1]
    fits = [1]
    for ratio in (2, 4, 8):
        part = _cut(np.empty((-(-height // ratio), -(-width // ratio), 0)))
        fits += [ratio] if part.shape[0] >= 1.5 * HEIGHT and part.shape[1] >= 1.5 * WIDTH else []
    return fits[-1]


def test_the_part_of_a_jpeg_file_is_that_of_all_its_pixels_to_the_bit() -> None:
    for file, turn in _files(60):
        assert np.array_equal(_part(file), _whole(file, turn))


def test_a_damaged_jpeg_file_is_refused_or_decoded_as_before() -> None:
    rng = np.random.default_rng(0)
    results = set()
    for intact, turn in _files(120):
        file = _damaged(intact, rng)
        whole = _whole(file, turn)
        if whole is None:
            assert _part(file) is None
            assert _part(file, is_scaled=True) is None
        elif file.startswith(intact[:400]):  # otherwise its orientation may be another
            assert np.array_equal(_part(file), whole)
        results.add(whole is None)
    assert results == {True, False}


def test_scaled_is_the_largest_ratio_that_leaves_enough() -> None:
    seen = set()
    for file, turn in _files(60):
        ratio = _largest_ratio(file, turn)
        assert np.array_equal(_part(file, is_scaled=True), _whole(file, turn, ratio=ratio))
        seen.add(ratio)
    assert seen == {1, 2, 4}


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP"])
def test_other_formats_are_decoded_whole_and_refused_when_broken(kind: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 70, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    for is_scaled in (False, True):
        assert np.array_equal(
            _part(file.getvalue(), is_scaled=is_scaled), _whole(file.getvalue(), 1)
        )
        assert _part(file.getvalue()[:50], is_scaled=is_scaled) is None
        assert _part(b"", is_scaled=is_scaled) is None


@pytest.mark.parametrize("fit", ["crop", "pad", "squash"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("large", [0, 1_000_000])
def test_a_model_gets_the_pixels_that_all_pixels_as_floats_become(
    fit: Fit, channels: int, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf  # noqa: PLC0415 - seconds

    from tfbatch.wrap.plan import Pixels  # noqa: PLC0415
    from tfbatch.wrap.preprocessing import pixels_of  # noqa: PLC0415

    wanted = Pixels(
        input="x",
        dtype="FLOAT",
        height=HEIGHT,
        width=WIDTH,
        channels=channels,
        pixels="0..255",
        fit=fit,
        exif=False,
        decode="exact",
        batch="many",
    )
    monkeypatch.setattr("tfbatch.wrap.decoding._WORTH_BYTES", large)
    for file, _ in _files(5):
        image = tf.io.decode_image(file, channels=3, expand_animations=False)
        if channels == 1:
            image = np.asarray(Image.fromarray(image.numpy()).convert("L"))[..., None]
        values = tf.cast(image, tf.float32)
        height, width = values.shape[:2]
        if fit == "crop":
            scale = np.float32(min(np.float32(height) / HEIGHT, np.float32(width) / WIDTH))
            high = min(max(round(float(scale * np.float32(HEIGHT))), 1), height)
            wide = min(max(round(float(scale * np.float32(WIDTH))), 1), width)
            values = tf.image.crop_to_bounding_box(
                values, (height - high) // 2, (width - wide) // 2, high, wide
            )
        resize = tf.image.resize_with_pad if fit == "pad" else _resize
        truth = resize(values, HEIGHT, WIDTH)
        assert np.array_equal(pixels_of(tf.constant(file), wanted), truth)


def _resize(values: Any, height: int, width: int) -> Any:  # noqa: ANN401
    import tensorflow as tf  # noqa: PLC0415 - seconds

    return tf.image.resize(values, [height, width])
