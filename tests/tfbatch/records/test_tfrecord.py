"""Writing TFRecord files and the Examples in them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tfbatch.records import example, tfrecord

if TYPE_CHECKING:
    from pathlib import Path


def test_the_checksum_is_masked_crc32c() -> None:
    # RFC 3720, B.4: 32 bytes of zeros have CRC-32C 0x8a9136aa.
    crc = 0x8A9136AA
    masked = ((crc >> 15) | (crc << 17)) + 0xA282EAD8
    assert tfrecord.masked_crc32c(bytes(32)) == masked & 0xFFFFFFFF


def test_a_record_is_framed_by_its_length_and_both_checksums() -> None:
    framed = tfrecord.frame(b"record")
    length, length_crc, body, body_crc = struct.unpack("<QI6sI", framed)
    assert (length, body) == (6, b"record")
    assert length_crc == tfrecord.masked_crc32c(framed[:8])
    assert body_crc == tfrecord.masked_crc32c(b"record")


def test_a_file_holds_its_records_in_order(tmp_path: Path) -> None:
    path = tmp_path / "some.tfrecord"
    assert tfrecord.write(path, iter([b"one", b"", b"three"])) == 3
    assert path.read_bytes() == b"".join(map(tfrecord.frame, [b"one", b"", b"three"]))


def test_no_records_are_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "none.tfrecord"
    assert tfrecord.write(path, []) == 0
    assert path.read_bytes() == b""


def test_an_example_is_the_message_that_protocol_buffers_would_write() -> None:
    # Example{features: Features{feature: {"a": Feature{bytes_list: BytesList{value: "x"}}}}}
    assert example.encode({"a": b"x"}) == bytes.fromhex("0a0c0a0a0a01611205 0a030a0178")


def test_equal_features_give_equal_examples_whatever_their_order() -> None:
    assert example.encode({"a": b"1", "b": b"2"}) == example.encode({"b": b"2", "a": b"1"})
