"""Formats floating-point numbers with TensorFlow Serving's digits.

Six significant digits if they are exact, else nine (seventeen for double), and ``.0`` for whole
numbers: ``WriteDecimal`` in TensorFlow Serving's ``json_tensor.cc``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array

_SHORT_DIGITS: Final = 6
_FULL_DIGITS: Final = {np.dtype(np.float32): 9, np.dtype(np.float64): 17}
_PLAIN_FROM: Final = 1e-30
_PLAIN_BELOW: Final = 1e5
"""``%g`` may write larger numbers without a decimal point."""


def format_decimals(values: Array) -> list[str]:
    """Each number of a flat array of ``float32`` or ``float64`` as text."""
    if not values.size:
        return []
    digits = _FULL_DIGITS[values.dtype]
    numbers = values.tolist()
    words = (f"%.{digits}g\n" * len(numbers) % tuple(numbers)).split("\n")[:-1]
    for index in np.flatnonzero(_may_be_short(values)):
        words[index] = _decimal(numbers[index], values[index], digits)
    return words


def _may_be_short(values: Array) -> Array:
    """Numbers that six digits may represent exactly, and a few more."""
    wide = values.astype(np.float64)
    size = np.abs(wide)
    with np.errstate(all="ignore"):
        unit = 10.0 ** (np.floor(np.log10(size)) - (_SHORT_DIGITS - 1))
        nearest = np.rint(wide / unit) * unit
        if values.dtype == np.float32:
            near = nearest.astype(np.float32) == values
        else:  # this test rounds at the same precision, so leave a margin
            near = np.abs(nearest - wide) <= size * (4 * np.finfo(np.float64).eps)
        plain = (size >= _PLAIN_FROM) & (size < _PLAIN_BELOW)
    return np.asarray(near | ~plain)


def _decimal(number: float, value: np.floating, digits: int) -> str:
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "-Infinity" if number < 0 else "Infinity"
    text = f"{number:.{_SHORT_DIGITS}g}"
    if type(value)(text) != value:
        text = f"{number:.{digits}g}"
    return text if "." in text or "e" in text else text + ".0"
