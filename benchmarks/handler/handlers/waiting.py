"""The floor of concurrent requests: waits as TensorFlow Serving takes, and answers a constant."""

from __future__ import annotations

import time
from typing import Any

_LATENCY_SECONDS = 0.05


def handler(data: Any, context: Any) -> tuple[bytes, str]:  # noqa: ANN401, ARG001
    """Read, wait and answer."""
    data.read()
    time.sleep(_LATENCY_SECONDS)
    return b"{}", "application/json"
