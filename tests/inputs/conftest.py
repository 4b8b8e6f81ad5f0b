"""What a stage takes and refuses, on a deployment of these tests' own."""

from __future__ import annotations

import pytest

from tests.deployment import TEST_SECONDS, deployment, models

__all__ = ["deployment", "models"]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the deployment have its own time, as in ``tests/workflow``."""
    item.add_marker(pytest.mark.timeout(TEST_SECONDS, func_only=True))
