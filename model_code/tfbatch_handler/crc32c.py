"""Computes CRC-32C fast, without a C extension if necessary.

If google-crc32c is vendored, it is used. The container has no library for this polynomial (zlib's
is another), and a loop over bytes takes 50 ns each: 5 ms for a photograph. A checksum is a
remainder, so anything congruent to 0 may be added to the data. ``x^6777 + x^484 + x^100 + 1`` is a
multiple of the CRC's polynomial. Because squaring is linear over GF(2), so is the same sum with
every exponent multiplied by a power of two. Therefore a long run of bits at the front is removed by
XORing it three more times further on: whole arrays instead of single bytes. A denser multiple
finishes the short rest.

TFRecord's checksum is masked: https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tfbatch_handler.arrays import numpy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

POLYNOMIAL: Final = 0x1_1EDC_6F41
LONG: Final = (6777, 484, 100, 0)
SHORT: Final = (563, 109, 58, 53, 31, 0)
"""Exponents of multiples of the polynomial."""

_REVERSED: Final = 0x82F6_3B78
_ONES: Final = 0xFFFF_FFFF
_MASK_DELTA: Final = 0xA282_EAD8
_FEW_BYTES: Final = 128
"""Up to this size a loop over bytes is as fast."""
_GROUP_BYTES: Final = 1 << 20
"""Records are folded together while they fit in a processor's cache."""


def masked_crc32c(data: memoryview) -> int:
    """The checksum as TFRecord stores it."""
    return masked_checksums([data])[0]


def masked_checksums(records: Sequence[memoryview]) -> list[int]:
    """The checksums of many records, as TFRecord stores them."""
    return [((crc >> 15 | crc << 17) + _MASK_DELTA) & _ONES for crc in checksums(records)]


def checksums(records: Sequence[memoryview]) -> list[int]:
    """The CRC-32C (Castagnoli) of many records."""
    vendored = _vendored()
    return folded(records) if vendored is None else [vendored(bytes(record)) for record in records]


def folded(records: Sequence[memoryview]) -> list[int]:
    """The same by folding, without google-crc32c."""
    np = numpy()
    if np is None or sum(map(len, records)) <= _FEW_BYTES:
        return [_checksum(record) for record in records]
    found = [0] * len(records)
    groups = list(_groups(records))
    room = np.empty(max(len(group) * _width(records[group[-1]]) for group in groups), np.uint8)
    for group in groups:
        folded = _folded(np, [records[index] for index in group], room)
        for index, crc in zip(group, _looked_up(np, folded), strict=True):
            found[index] = crc
    for index, record in enumerate(records):
        if len(record) < 4:  # noqa: PLR2004  the initial value is as long
            found[index] = _checksum(record)
    return found


@cache
def _vendored() -> Callable[[bytes], int] | None:
    """google-crc32c's function, if it is vendored with its C extension."""
    try:
        library = import_module("google_crc32c")
    except ImportError:
        return None
    value: Callable[[bytes], int] = library.value
    return value if library.implementation == "c" else None


def _groups(records: Sequence[memoryview]) -> Iterator[list[int]]:
    """Yield indices of records of similar size, few enough to fold together."""
    group: list[int] = []
    for index in sorted(range(len(records)), key=lambda index: len(records[index])):
        if group and (len(group) + 1) * len(records[index]) > _GROUP_BYTES:
            yield group
            group = []
        group.append(index)
    yield group


def _width(record: memoryview) -> int:
    return -(-len(record) // 8) * 8


def _folded(np: ModuleType, records: Sequence[memoryview], room: Any) -> Any:  # noqa: ANN401
    """Fold records to rows of at most 563 bytes with the same remainders.

    ``room`` is working memory. Zeros at the front change no remainder, so rows are as long as the
    last, longest record.
    """
    width = _width(records[-1])
    rows = room[: len(records) * width].reshape(len(records), width)
    for row, record in zip(rows, records, strict=True):
        start = width - len(record)
        row[:start] = 0
        row[start:] = np.frombuffer(record, np.uint8)
        row[start : start + 4] ^= 0xFF
    return _fold_rows(np, _fold_rows(np, rows, LONG), SHORT)


def _fold_rows(np: ModuleType, rows: Any, exponents: tuple[int, ...]) -> Any:  # noqa: ANN401
    """Fold by words of 8, 4, 2 and 1 bytes, to as many bytes as the multiple's degree."""
    if short := -rows.shape[1] % 8:
        rows = np.concatenate([np.zeros((len(rows), short), np.uint8), rows], axis=1)
    degree, longest, *_ = exponents
    for size in (8, 4, 2, 1):
        rows = rows.view(f"u{size}")
        while (count := min(rows.shape[1] - degree, degree - longest)) > 0:
            for exponent in exponents[1:]:
                start = degree - exponent
                target = rows[:, start : start + count]
                np.bitwise_xor(target, rows[:, :count], out=target)
            rows = rows[:, count:]
    return rows.view(np.uint8)


def _looked_up(np: ModuleType, rows: Any) -> list[int]:  # noqa: ANN401  an array
    """The checksums of short rows: a table for each position, looked up at once."""
    width = rows.shape[1]
    tables = _position_tables(np)[SHORT[0] - width :]
    remainders = np.bitwise_xor.reduce(tables[np.arange(width), rows], axis=1)
    return [int(remainder) ^ _ONES for remainder in remainders]


def _checksum(record: memoryview) -> int:
    """The checksum of one record, with Python integers."""
    bits = len(record) * 8
    if len(record) <= _FEW_BYTES:
        return _remainder(_ONES, bytes(record)) ^ _ONES
    number = int.from_bytes(record, "little") ^ _ONES
    for exponents in (LONG, SHORT):
        number, bits = _fold_bits(number, bits, exponents)
    return _remainder(0, number.to_bytes(bits // 8, "little")) ^ _ONES


def _fold_bits(number: int, bits: int, exponents: tuple[int, ...]) -> tuple[int, int]:
    """Fold an integer, lowest bit first, to about ``exponents[0]`` bits in whole bytes."""
    scale = 1 << max(0, (bits // exponents[0]).bit_length() - 1)
    while scale:
        degree, longest = exponents[0] * scale, exponents[1] * scale
        while (count := min(bits - degree, degree - longest) & ~7) > 0:
            front = number & ((1 << count) - 1)
            number >>= count
            for exponent in exponents[1:]:
                number ^= front << (degree - exponent * scale - count)
            bits -= count
        scale //= 2
    return number, bits


def _remainder(crc: int, data: bytes) -> int:
    table = _table()
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc


@cache
def _table() -> tuple[int, ...]:
    """The remainder of each byte value, bits in order of transmission."""
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = crc >> 1 ^ (_REVERSED if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


@cache
def _position_tables(np: ModuleType) -> Any:  # noqa: ANN401  an array
    """The remainder of each byte value at each of the last 563 positions: 563 by 256, uint32."""
    last = np.array(_table(), np.uint32)
    tables = [last]
    for _ in range(SHORT[0] - 1):
        tables.append(last[tables[-1] & 0xFF] ^ tables[-1] >> 8)
    return np.stack(tables[::-1])
