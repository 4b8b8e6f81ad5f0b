"""Reads numbers from text, as in CSV cells: JSON's grammar, and what pandas and NumPy write."""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf, isinf, nan
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,5})?", re.ASCII)
_BOOLEANS: Final = {"true": 1, "false": 0}
_SPECIAL: Final = {
    **dict.fromkeys(("inf", "+inf", "infinity", "+infinity"), inf),
    **dict.fromkeys(("-inf", "-infinity"), -inf),
    "nan": nan,
}
_GAPS: Final = frozenset(("", "na", "n/a", "#n/a", "null", "none", "<na>", "nat"))
"""How pandas, R, SQL and spreadsheets write that a value is missing."""
_DIGITS: Final = 20
"""No 64-bit integer has more."""


class GapError(ValueError):
    """There is no value."""


class BeyondError(ValueError):
    """The number is larger than any of its type."""


def parse(text: str, *, is_whole: bool) -> float:
    """A number. Spaces around it are ignored.

    Args:
        text: decimal digits with a point, without separators; ``true``, ``NaN``, ``-inf``...
        is_whole: read digits as an integer, exactly: ``3.0`` and ``3e0`` are 3.

    Raises:
        GapError: it says that there is no value.
        BeyondError: it is too large.
        ValueError: it is no number, or not a whole one.
    """
    word = text.strip(" \t\r\n")
    lower = word.lower()
    if lower in _GAPS:
        raise GapError
    if lower in _BOOLEANS:
        return _BOOLEANS[lower]
    if lower in _SPECIAL and not is_whole:
        return _SPECIAL[lower]
    if not _NUMBER.fullmatch(word):
        raise ValueError("not a whole number" if lower in _SPECIAL else "not a number")
    return _exact(word) if is_whole else _finite(word)


def _finite(word: str) -> float:
    number = float(word)
    if isinf(number):
        raise BeyondError
    return number


def _exact(word: str) -> int:
    number = Decimal(word)
    if number and number.adjusted() >= _DIGITS:
        raise BeyondError
    if number != number.to_integral_value():
        raise ValueError("not a whole number")
    return int(number)
