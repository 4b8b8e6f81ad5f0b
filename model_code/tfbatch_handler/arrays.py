"""NumPy if the container has it. Nothing depends on it."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def numpy() -> Any:  # noqa: ANN401  the module or None
    """NumPy, which TensorFlow Serving's images hold since their APIs need it; or ``None``."""
    try:
        import numpy as np  # noqa: PLC0415  not at import: it takes a tenth of a second
    except ImportError:
        return None
    return np
