"""CRC-32C of records, at memory speed without a C extension: by sparse multiples of its polynomial.

The container brings no library for this polynomial (zlib's is another), and a loop over bytes
takes 50 ns each: 5 ms for a photograph. A checksum is a remainder, so whatever is congruent to 0
may be added to the data. ``x^6777 + x^484 + x^100 + 1`` is a multiple of the CRC's polynomial,
and so, because squaring is linear over GF(2), is the same sum with every exponent multiplied by a
power of two. Hence a long run of bits at the front is removed by adding it three more times
further on: whole arrays XORed, not bytes looked up. A denser multiple finishes what is short.

TFRecord's checksum is masked: https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from types import ModuleType

POLYNOMIAL: Final = 0x1_1EDC_6F41
LONG: Final = (6777, 484, 100)
SHORT: Final = (563, 109, 58, 53, 31)
"""Exponents, without the 0, of multiples of the polynomial."""

_REVERSED: Final = 0x82F6_3B78
_ONES: Final = 0xFFFF_FFFF
_MASK_DELTA: Final = 0xA282_EAD8
_SHORT_BITS: Final = 1024
_ARRAY_BYTES: Final = 4 * LONG[0]
"""From here on NumPy's arrays, where there are any, beat Python's integers."""


def masked_crc32c(data: memoryview) -> int:
    """The checksum as TFRecord stores it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _ONES


def crc32c(data: memoryview) -> int:
    """The CRC-32C (Castagnoli) of ``data``."""
    size = len(data)
    if size * 8 <= _SHORT_BITS:
        return _remainder(_ONES, bytes(data)) ^ _ONES
    np = _numpy() if size >= _ARRAY_BYTES else None
    if np is None:
        number = int.from_bytes(data, "little") ^ _ONES
    else:
        rest = _fold_arrays(np, data)
        number, size = int.from_bytes(rest, "little"), len(rest)
    number, bits = _fold_bits(number, size * 8, LONG)
    number, bits = _fold_bits(number, bits, SHORT)
    return _remainder(0, number.to_bytes(bits // 8, "little")) ^ _ONES


def _fold_arrays(np: ModuleType, data: memoryview) -> bytes:
    """Fold by units of 8, 4, 2 and 1 bytes, down to about 6,777 bytes of the same remainder."""
    rest = np.array(np.frombuffer(data, np.uint8))
    rest[:4] ^= 0xFF
    for unit in (8, 4, 2, 1):
        words = rest[: len(rest) // unit * unit].view(f"u{unit}")
        start = 0
        while (count := min(len(words) - start - LONG[0], LONG[0] - LONG[1])) > 0:
            front = words[start : start + count]
            for shift in (LONG[0] - LONG[1], LONG[0] - LONG[2], LONG[0]):
                target = words[start + shift : start + shift + count]
                np.bitwise_xor(target, front, out=target)
            start += count
        rest = rest[start * unit :].copy() if unit > 1 else rest[start:]
    return bytes(rest.tobytes())


def _fold_bits(number: int, bits: int, exponents: tuple[int, ...]) -> tuple[int, int]:
    """Fold an integer, lowest bit first in time, to about ``exponents[0]`` bits; whole bytes."""
    scale = 1
    while exponents[0] * scale * 2 < bits:
        scale *= 2
    while scale:
        degree, longest, *others = (exponent * scale for exponent in exponents)
        while (count := min(bits - degree, degree - longest) & ~7) > 0:
            front = number & ((1 << count) - 1)
            number >>= count
            number ^= front << (degree - count)
            for exponent in (longest, *others):
                number ^= front << (degree - exponent - count)
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
def _numpy() -> Any:  # noqa: ANN401  the module or None
    """NumPy, which TensorFlow Serving's images hold since their APIs need it; or ``None``."""
    try:
        import numpy as np  # noqa: PLC0415  not at import: it takes a tenth of a second
    except ImportError:
        return None
    return np
