"""The checksum, against its definition."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfbatch_handler import crc32c


def bytewise(data: bytes) -> int:
    """The definition: a shift register of 32 bits."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@pytest.fixture(params=["vendored", "numpy", "integers"])
def arithmetic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With google-crc32c, with NumPy and, in an image without either, with Python's integers."""
    if request.param != "vendored":
        monkeypatch.setattr(crc32c, "_vendored", lambda: None)
    if request.param == "integers":
        monkeypatch.setattr(crc32c, "numpy", lambda: None)
    return str(request.param)


@pytest.mark.parametrize("exponents", [crc32c.LONG, crc32c.SHORT])
def test_the_exponents_are_of_a_multiple_of_the_polynomial(exponents: tuple[int, ...]) -> None:
    remainder = sum(1 << exponent for exponent in exponents)
    while remainder.bit_length() > 32:
        remainder ^= crc32c.POLYNOMIAL << remainder.bit_length() - 33
    assert remainder == 0


@pytest.mark.usefixtures("arithmetic")
@pytest.mark.parametrize(
    ("data", "crc"),
    [  # RFC 3720, B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_known_checksums(data: bytes, crc: int) -> None:
    assert crc32c.checksums([memoryview(data)]) == [crc]


@pytest.mark.usefixtures("arithmetic")
def test_records_of_any_size_together() -> None:
    sizes = [*range(140), 562, 563, 564, 4503, 4505, 6777, 6778, 54_215, 54_217, 70_001]
    records = [os.urandom(size) for size in sizes]
    records.sort(key=hash)  # any order but that of their sizes
    assert crc32c.checksums([memoryview(record) for record in records]) == [*map(bytewise, records)]


@given(st.lists(st.binary(max_size=3000), max_size=5))
def test_any_records(records: list[bytes]) -> None:
    assert crc32c.folded([memoryview(record) for record in records]) == [*map(bytewise, records)]


def test_many_groups_of_long_records() -> None:
    records = [os.urandom(400_000) for _ in range(5)]
    together = crc32c.folded([memoryview(record) for record in records])
    assert together == [crc32c.folded([memoryview(record)])[0] for record in records]
