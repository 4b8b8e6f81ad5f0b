"""Records out of any chunking of an object, for every SplitType."""

from __future__ import annotations

import gzip
import struct
from typing import TYPE_CHECKING

import pytest
from google_crc32c import value as crc32c
from hypothesis import given
from hypothesis import strategies as st

from tfbatch_sandbox.transform.failure import ObjectFailure
from tfbatch_sandbox.transform.records.packing import pack_multi, pack_single
from tfbatch_sandbox.transform.records.reading import gunzip
from tfbatch_sandbox.transform.records.splitting import (
    LARGEST_RECORD,
    SPLITTERS,
    Record,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = struct.pack("<I", 0xCED7230A)
BINARY = st.lists(st.binary(max_size=50), max_size=8)
CUT = st.integers(min_value=1, max_value=40)


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def tfrecord(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def recordio(data: bytes) -> bytes:
    """As MXNet writes it: data that holds the magic is cut there, in aligned places only."""
    parts = [b""]
    for start in range(0, len(data), 4):
        word = data[start : start + 4]
        if word == MAGIC:
            parts.append(b"")
        else:
            parts[-1] += word
    flags = [0] if len(parts) == 1 else [1, *[2] * (len(parts) - 2), 3]
    return b"".join(
        MAGIC + struct.pack("<I", flag << 29 | len(part)) + part + b"\0" * (-len(part) % 4)
        for flag, part in zip(flags, parts, strict=True)
    )


def bare(split_type: str, data: bytes, size: int = 7) -> list[bytes]:
    return [record.bare for record in SPLITTERS[split_type](chunked(data, size), LARGEST_RECORD)]


@given(BINARY, CUT)
def test_tfrecords_come_back_whatever_the_chunks(records: list[bytes], cut: int) -> None:
    data = b"".join(map(tfrecord, records))
    assert bare("TFRecord", data, cut) == records
    framed = [record.framed for record in SPLITTERS["TFRecord"](chunked(data, cut), LARGEST_RECORD)]
    assert b"".join(framed) == data


@given(BINARY, CUT)
def test_recordio_comes_back_even_with_the_magic_inside(records: list[bytes], cut: int) -> None:
    data = [
        record + MAGIC + record if index % 2 else record for index, record in enumerate(records)
    ]
    aligned = [record + b"\0" * (-len(record) % 4) for record in data]
    whole = b"".join(map(recordio, aligned))
    assert bare("RecordIO", whole, cut) == aligned
    framed = [
        record.framed for record in SPLITTERS["RecordIO"](chunked(whole, cut), LARGEST_RECORD)
    ]
    assert b"".join(framed) == whole


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=8), CUT)
def test_lines_come_back_with_or_without_a_last_line_feed(lines: list[bytes], cut: int) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    assert bare("Line", whole, cut) == lines
    if lines and lines[-1]:
        assert bare("Line", whole[:-1], cut) == lines


@pytest.mark.parametrize("data", [b"", b"x\ny"])
def test_without_a_split_the_object_is_the_record_even_when_empty(data: bytes) -> None:
    assert bare("None", data, 1) == [data]


@pytest.mark.parametrize(
    ("split_type", "data", "words"),
    [
        ("TFRecord", b"not a record at all", "length of a record"),
        ("TFRecord", tfrecord(b"abc")[:-1], "ends within a record"),
        ("TFRecord", tfrecord(b"abc")[:9], "length of a record"),
        ("TFRecord", tfrecord(b"abc").replace(b"abc", b"abd"), "data of a record"),
        ("RecordIO", b"not a record at all", "magic number"),
        ("RecordIO", recordio(b"abcd")[:-1], "ends within a record"),
        ("RecordIO", recordio(b"abcd" + MAGIC + b"efgh")[:12], "several parts"),
    ],
)
def test_a_broken_frame_is_a_client_error_that_says_what_broke(
    split_type: str, data: bytes, words: str
) -> None:
    with pytest.raises(ObjectFailure, match=words) as failure:
        bare(split_type, data)
    assert failure.value.kind == "ClientError"


@given(st.binary(max_size=5000), st.binary(max_size=100), CUT)
def test_gzip_inflates_member_after_member(first: bytes, second: bytes, cut: int) -> None:
    data = gzip.compress(first) + gzip.compress(second)
    assert b"".join(gunzip(chunked(data, cut))) == first + second


def test_gzip_inflates_a_bomb_a_little_at_a_time() -> None:
    pieces = gunzip([gzip.compress(bytes(50_000_000))])
    assert max(map(len, pieces)) <= 1024 * 1024


@pytest.mark.parametrize(
    "data", [b"plain text", gzip.compress(b"x" * 1000, mtime=0)[:-5]], ids=["plain", "cut"]
)
def test_what_is_not_whole_gzip_is_a_client_error(data: bytes) -> None:
    with pytest.raises(ObjectFailure, match="gzip"):
        list(gunzip([data]))


RECORDS = [Record(b"aa\n", b"aa"), Record(b"b\n", b"b"), Record(b"cccc\n", b"cccc")]


def test_single_record_sends_each_record_bare() -> None:
    assert [payload.body for payload in pack_single(RECORDS, 4)] == [b"aa", b"b", b"cccc"]


def test_multi_record_fills_a_payload_with_framed_records() -> None:
    assert [payload.body for payload in pack_multi(RECORDS, 5)] == [b"aa\nb\n", b"cccc\n"]
    assert [payload.body for payload in pack_multi(RECORDS, 100)] == [b"aa\nb\ncccc\n"]


@pytest.mark.parametrize("pack", [pack_single, pack_multi])
def test_a_record_beyond_the_payload_is_refused_with_both_sizes(pack: type) -> None:
    with pytest.raises(ObjectFailure) as failure:
        list(pack(RECORDS, 3))
    assert "Too much data for max payload size" in failure.value.lines
    assert "MaxPayloadInMB (3 bytes)" in failure.value.lines[1]


def _endless(part: bytes) -> Iterator[bytes]:
    """What a decompression bomb inflates to: it must be given up long before its end."""
    for number in range(1000):
        assert number < 8, "read on"
        yield part


@pytest.mark.parametrize(
    ("split_type", "part"),
    [("None", bytes(1000)), ("Line", b"x" * 1000)],
)
def test_what_never_ends_is_refused_before_it_fills_the_memory(
    split_type: str, part: bytes
) -> None:
    with pytest.raises(ObjectFailure) as failure:
        list(SPLITTERS[split_type](_endless(part), 4000))
    assert failure.value.lines == (
        "Too much data for max payload size",
        "a record of more than 4000 bytes does not fit in MaxPayloadInMB (4000 bytes)",
    )


def test_a_tfrecord_that_claims_two_to_the_63_bytes_is_refused_unread() -> None:
    length = struct.pack("<Q", 2**63)
    header = length + masked(length)
    with pytest.raises(ObjectFailure) as failure:
        list(SPLITTERS["TFRecord"](_endless(header + bytes(1000)), 4000))
    assert "a record of 9223372036854775808 bytes does not fit" in failure.value.lines[1]


def test_a_recordio_record_of_endless_parts_is_refused() -> None:
    part = MAGIC + struct.pack("<I", (2 << 29) | 1000) + bytes(1000)
    with pytest.raises(ObjectFailure, match="Too much data"):
        list(SPLITTERS["RecordIO"](_endless(part), 4000))
