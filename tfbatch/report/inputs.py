"""Fetches the inputs that a page shows: thumbnails of photographs, lines of text."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tfbatch.files.file_store import file_at
from tfbatch.records import photos
from tfbatch.records.frames import Damage, frames
from tfbatch.records.streams import is_compressed, is_header, opened
from tfbatch.records.tfrecord import HEADER_BYTES
from tfbatch_handler.protobuf import example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from PIL import Image

    from tfbatch.aws.session import Session
    from tfbatch.files.file_store import FileStore
    from tfbatch.report.tally import Shown

_PIXELS = 320
_QUALITY = 78
_LARGEST = 32 * 1024 * 1024
"""Maximum size of an object that is one image."""
_TEXT = 400
_THREADS = 12
_ORIENTATION = 0x0112
_TURNS = range(2, 9)
_TURNED = "as stored: its EXIF says to turn it, which TensorFlow's decoders don't"
_MAX_PIXELS = 60_000_000
"""A larger photograph is shown by its name, because decoding it could exhaust memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """An input to show."""

    name: str
    """A photograph's name in a TFRecord, if it has one."""
    image: str = ""
    """A ``data:`` URI."""
    text: str = ""
    note: str = ""
    """What the picture doesn't show: how it lay, or why there is none."""


Key = tuple[str, int]


def fetch(shown: Iterable[Shown], session: Session) -> Mapping[Key, Input]:
    """The inputs of records, by object and number. What can't be read or shown is left out."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for one in shown:
        wanted[one.row.input].add(one.row.record or 0)
    found: dict[Key, Input] = {}
    with ThreadPoolExecutor(_THREADS) as threads:
        for uri, some in zip(
            wanted, threads.map(partial(_of_object, session), wanted.items()), strict=True
        ):
            found |= {(uri, number): one for number, one in some.items()}
    return found


def _of_object(session: Session, item: tuple[str, set[int]]) -> dict[int, Input]:
    uri, numbers = item
    folder, name = file_at(uri, session)
    try:
        return dict(_inputs(folder, name, numbers))
    except Exception:  # noqa: BLE001 # the page does without: the object may be gone, or encrypted
        return {}


def _inputs(folder: FileStore, name: str, numbers: set[int]) -> Iterator[tuple[int, Input]]:
    with closing(folder.open(name)) as stream:
        begin = stream.read(16)
        if photos.kind(begin) is not None:
            yield 0, _image(name, begin + stream.read(_LARGEST))
            return
        if not (is_header(begin[:HEADER_BYTES]) or is_compressed(begin[:HEADER_BYTES])):
            yield from _texts(name, begin + stream.read(_LARGEST), numbers)
            return
    with opened(folder, name) as records:
        for number, frame in enumerate(frames(records)):
            if number in numbers and not isinstance(frame, Damage):
                yield number, _example(frame.record, otherwise=f"{name} #{number}")
            if number == max(numbers):
                return


def _example(record: bytes, *, otherwise: str) -> Input:
    try:
        features = example.parse(record)
        image = example.feature(features, photos.ENCODED)[0]
        name = example.feature(features, photos.FILENAME)[0] if photos.FILENAME in features else b""
    except (example.ExampleError, IndexError):
        return Input(name=otherwise)
    said = str(name, "utf-8", "replace") if isinstance(name, memoryview) else ""
    if not isinstance(image, memoryview):
        return Input(name=said or otherwise)
    return _image(said or otherwise, bytes(image))


def _image(name: str, data: bytes) -> Input:
    """A thumbnail of a photograph, as its file has it, which is what a model decodes."""
    from PIL import Image  # noqa: PLC0415 # a tenth of a second

    try:
        with Image.open(io.BytesIO(data)) as image, io.BytesIO() as buffer:
            megapixels = image.width * image.height / 1e6
            image.draft("RGB", (_PIXELS, _PIXELS))  # a JPEG is decoded at an eighth of its size
            if image.width * image.height > _MAX_PIXELS:
                return Input(name=name, note=f"{megapixels:.0f} megapixels: too large to show")
            turned = image.getexif().get(_ORIENTATION, 1)
            small = _colors(image)
            small.thumbnail((_PIXELS, _PIXELS))
            small.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
            encoded = base64.b64encode(buffer.getvalue()).decode()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return Input(name=name, note=f"no picture: {error}"[:_TEXT])
    note = _TURNED if turned in _TURNS else ""
    return Input(name=name, image=f"data:image/jpeg;base64,{encoded}", note=note)


def _colors(image: Image.Image) -> Image.Image:
    """In RGB. Pillow cuts 16 bits off above 255 instead of scaling them, as TensorFlow does."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")
    return image.convert("RGB")


def _texts(name: str, data: bytes, numbers: set[int]) -> Iterator[tuple[int, Input]]:
    """Lines of CSV or JSON; nothing for binary data."""
    lines = data.split(b"\n")
    for number in sorted(numbers):
        if number < len(lines) and b"\0" not in lines[number]:
            text = lines[number][:_TEXT].decode("utf-8", "replace").rstrip("\r")
            yield number, Input(name=f"{name} #{number}", text=text)
