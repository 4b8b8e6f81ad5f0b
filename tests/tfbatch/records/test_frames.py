"""What is found in a TFRecord stream, sound and damaged."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfbatch.records import tfrecord
from tfbatch.records.checking import count, files, verify
from tfbatch.records.frames import Damage, Frame, frames
from tfbatch.records.reading_back import ReadBackError, read_back

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = [bytes([number]) * (100 * number) for number in range(20)]
FRAMES = [tfrecord.frame(record) for record in RECORDS]
STARTS = [sum(map(len, FRAMES[:number])) for number in range(21)]
WHOLE = b"".join(FRAMES)


def read(data: bytes) -> tuple[list[bytes], list[tuple[int, int, int]]]:
    """The sound records, and the damage as (offset, size, frames before)."""
    found = list(frames(io.BytesIO(data)))
    return (
        [one.record for one in found if isinstance(one, Frame)],
        [(one.offset, one.size, one.after) for one in found if isinstance(one, Damage)],
    )


def flipped(at: int) -> bytes:
    return WHOLE[:at] + bytes([WHOLE[at] ^ 1]) + WHOLE[at + 1 :]


@pytest.mark.parametrize(
    "place",
    [0, 7, 8, 12, 300, -1],
    ids=[
        "length",
        "length's end",
        "its checksum",
        "record",
        "record's middle",
        "record's checksum",
    ],
)
def test_a_flipped_bit_costs_one_record_and_is_told_by_its_offset(place: int) -> None:
    start = STARTS[9 + (place < 0)] + place
    sound, damage = read(flipped(start))
    assert sound == RECORDS[:9] + RECORDS[10:]
    assert damage == [(STARTS[9], len(FRAMES[9]), 9)]


def test_lost_bytes_cost_the_record_they_were_lost_from() -> None:
    sound, damage = read(WHOLE[: STARTS[9] + 100] + WHOLE[STARTS[9] + 150 :])
    assert sound == RECORDS[:9] + RECORDS[10:]
    assert damage == [(STARTS[9], len(FRAMES[9]) - 50, 9)]


def test_bytes_that_belong_to_no_frame_are_stepped_over() -> None:
    sound, damage = read(WHOLE[: STARTS[3]] + b"\0" * 5000 + WHOLE[STARTS[3] :])
    assert sound == RECORDS
    assert damage == [(STARTS[3], 5000, 3)]


@pytest.mark.parametrize("left", [1, 5, 11, 12, 500])
def test_a_torn_end_is_damage_and_what_came_before_is_not(left: int) -> None:
    sound, damage = read(WHOLE[: STARTS[19] + left])
    assert sound == RECORDS[:19]
    assert damage == [(STARTS[19], left, 19)]


def test_a_length_that_lies_reserves_no_memory_and_hides_nothing() -> None:
    length = struct.pack("<Q", 1 << 62)
    lie = length + struct.pack("<I", tfrecord.masked_crc32c(length))
    assert read(lie + WHOLE) == (RECORDS, [(0, 12, 0)])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, len(WHOLE)))
def test_every_byte_is_in_a_sound_frame_or_in_damage(noise: bytes, at: int) -> None:
    data = WHOLE[:at] + noise + WHOLE[at:]
    end = 0
    for found in frames(io.BytesIO(data)):
        assert found.offset == end
        end += found.size if isinstance(found, Damage) else len(found.record) + 16
    assert end == len(data)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress])
def test_compression_is_told_by_the_content(tmp_path: Path, pack: type[bytes]) -> None:
    (tmp_path / "no-suffix").write_bytes(pack(WHOLE))
    (found,) = verify(files([str(tmp_path)]))
    (counted,) = count(files([str(tmp_path)]))
    assert (found.records, found.size, found.is_sound) == (20, len(WHOLE), True)
    assert counted.records == 20


def test_a_plain_file_that_begins_like_gzip_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(tfrecord.frame(bytes(0x088B1F)))
    (found,) = verify(files([str(tmp_path)]))
    assert found.records == 1
    assert found.is_sound


def test_a_cut_compressed_file_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(WHOLE)[:-20])
    (found,) = verify(files([str(tmp_path)]))
    assert found.records > 0
    assert found.problem == "the compressed data ends before its time"


def test_a_file_that_is_not_what_was_written_does_not_pass(tmp_path: Path) -> None:
    path = tmp_path / "file"
    checksums = [tfrecord.masked_crc32c(record) for record in RECORDS]
    path.write_bytes(WHOLE)
    read_back(path, checksums)
    for content, what in (
        (flipped(50), "checksum"),
        (b"".join(FRAMES[:-1]), "19 of 20"),
        (b"".join([FRAMES[1], *FRAMES[1:]]), "record 0"),
    ):
        path.write_bytes(content)
        with pytest.raises(ReadBackError, match=what):
            read_back(path, checksums)
