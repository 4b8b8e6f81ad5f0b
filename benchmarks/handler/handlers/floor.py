"""The floor: reads the body and answers a constant. What is left is the service's own."""

from __future__ import annotations

from typing import Any


def handler(data: Any, context: Any) -> tuple[bytes, str]:  # noqa: ANN401, ARG001
    """Read and answer."""
    data.read()
    return b"{}", "application/json"
