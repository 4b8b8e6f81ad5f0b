"""What an object is, and which format reads it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tfbatch.records import tfrecord
from tfbatch.run import format_detection
from tfbatch.run.file_types import formats_for, kind_of
from tfbatch.run.sources import find
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

FORMATS: dict[str, dict[str, Any]] = {
    "photos": {"contentType": "image/jpeg"},
    "rows": {"contentType": "text/csv; header=present"},
    "records": {"contentType": "application/x-tfexample"},
    "lines": {"contentType": "application/jsonlines"},
}


def picture(kind: str) -> bytes:
    with io.BytesIO() as file:
        Image.new("RGB", (4, 4)).save(file, kind)
        return file.getvalue()


@pytest.mark.parametrize(
    ("name", "head", "kind", "format_"),
    [
        ("a.jpg", picture("JPEG"), "jpeg", "photos"),
        ("a", picture("JPEG"), "jpeg", "photos"),
        ("a.jpg", picture("PNG"), "png", "photos"),
        ("a.webp", picture("WEBP"), "webp", "photos"),
        ("part-00000-of-00100", tfrecord.frame(b"one"), "tfrecord", "records"),
        ("a.TFRECORD", b"", "tfrecord", "records"),
        ("a.csv", b"1,2,3\n", "csv", "rows"),
        ("a.jsonl", b'{"x": 1}\n', "jsonl", "lines"),
        ("a.npy", b"\x93NUMPY\x01\x00", "npy", None),
        ("a.csv.gz", b"\x1f\x8b\x08", "gzip", None),
        ("a.tif", b"II*\0", "tiff", None),
        ("a.jpg", b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "heic", None),
    ],
)
def test_bytes_are_believed_before_names(
    name: str, head: bytes, kind: str, format_: str | None
) -> None:
    found = kind_of(name, head[:64])
    assert found is not None
    assert found.name == kind
    assert formats_for(found, FORMATS)[:1] == ([format_] if format_ else [])


def test_what_its_name_claims_and_its_bytes_deny_is_of_no_known_kind() -> None:
    assert kind_of("a.jpg", b"<html>") is None
    assert kind_of("README", b"hello") is None
    assert kind_of("song.wav", b"RIFF\x24\x08\0\0WAVEfmt ") is None


def test_a_few_odd_objects_do_not_hide_the_format_of_the_others() -> None:
    samples = [(f"{n}.jpg", picture("JPEG")) for n in range(5)] + [("note.jpg", b"<html>")]
    found = format_detection.guess(samples, FORMATS, stage="dev")
    assert (found.format, found.odd) == ("photos", ("note.jpg",))


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        (b"age,income,city\n30,1000.5,berlin\n", "named"),
        (b"\xef\xbb\xbfage;income\r\n", "named"),
        (b"30,1000.5\n31,2\n", "bare"),
        (b"30,berlin\n31,paris\n", "bare"),
        (b"good film,yes\nbad film,no\n", "bare"),
        (b"5.1,NaN\n", "bare"),
    ],
)
def test_csv_is_read_by_the_format_that_its_first_row_fits(text: bytes, format_: str) -> None:
    formats = {
        "bare": {"contentType": "text/csv"},
        "named": {"contentType": "text/csv; header=present"},
    }
    found = format_detection.guess([("a.csv", text)], formats, stage="dev")
    assert found.format == format_


def test_one_format_that_reads_several_kinds_is_chosen_for_a_mixed_folder() -> None:
    samples = [("a.jpg", picture("JPEG")), ("b.png", picture("PNG")), ("c.png", picture("PNG"))]
    both = FORMATS | {"pngs": {"contentType": "image/png"}}
    assert format_detection.guess(samples, FORMATS, stage="dev").format == "photos"
    assert format_detection.guess(samples, both, stage="dev").format == "pngs"


def test_a_note_among_photos_is_odd_and_text_is_found_where_a_format_reads_it() -> None:
    samples = [("a.jpg", picture("JPEG")), ("b.jpg", picture("JPEG")), ("note.txt", b"hello")]
    found = format_detection.guess(samples, FORMATS, stage="dev")
    assert (found.format, found.odd) == ("photos", ("note.txt",))
    texts = {"texts": {"contentType": "text/plain"}}
    assert format_detection.guess(samples[2:], texts, stage="dev").format == "texts"


def test_a_file_is_left_out_if_neither_its_bytes_nor_its_name_fit(tmp_path: Path) -> None:
    contents = {"a.jpg": picture("JPEG"), "b.jpg": b"<html>", "c": picture("PNG"), "d.txt": b"d"}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    others = format_detection.unread(find([str(tmp_path)]).files, "image/jpeg")
    assert [file.name for file in others] == ["d.txt"]


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        ([("a.jpg", picture("JPEG")), ("b.csv", b"1,2")], "1 jpeg, 1 csv among those looked at"),
        ([("a.npy", b"\x93NUMPY")], "holds npy, which no format of stage dev reads"),
        ([("a.bin", b"\0\1\2")], "a.bin is of no known kind"),
    ],
)
def test_what_can_not_be_guessed_is_told_with_the_choice(
    samples: list[tuple[str, bytes]], says: str
) -> None:
    with pytest.raises(Problem, match=says) as raised:
        format_detection.guess(samples, FORMATS, stage="dev")
    assert "--format photos or rows or records or lines" in str(raised.value)
