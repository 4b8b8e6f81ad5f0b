"""Floats in TensorFlow Serving's digits: six where they suffice, else nine or seventeen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfbatch_sandbox.model_server.json_api.decimals import format_decimals


def slow(value: np.floating) -> str:
    """``WriteDecimal`` of json_tensor.cc, word for word."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = f"{float(value):.6g}"
    if type(value)(text) != value:
        text = f"{float(value):.{9 if value.dtype == np.float32 else 17}g}"
    return text if "." in text or "e" in text else text + ".0"


@given(st.lists(st.floats(width=32), max_size=30))
def test_every_float_is_written_as_the_slow_way_writes_it(numbers: list[float]) -> None:
    values = np.array(numbers, np.float32)
    assert format_decimals(values) == [slow(value) for value in values]


@given(st.lists(st.floats(), max_size=30))
def test_every_double_is_written_as_the_slow_way_writes_it(numbers: list[float]) -> None:
    values = np.array(numbers, np.float64)
    assert format_decimals(values) == [slow(value) for value in values]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.2, "0.2"), (1, "1.0"), (1e6, "1e+06"), (3e-5, "3e-05"), (0.123456789, "0.123456791")],
)
def test_known_floats_are_written_as_tensorflow_serving_writes_them(
    value: float, text: str
) -> None:
    assert format_decimals(np.array([value], np.float32)) == [text]
