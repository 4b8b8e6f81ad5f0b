"""NumPy if the container has it. Nothing depends on it."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def numpy() -> Any:  # noqa: ANN401  the module or None
    """NumPy, or ``None``. TensorFlow Serving's images have it because their APIs need it."""
    try:
        import numpy as np  # noqa: PLC0415  not at import: it takes a tenth of a second
    except ImportError:
        return None
    return np
