"""The app deployed once, by the real ``cdk deploy``, into a sandbox of these tests' own."""

from __future__ import annotations

import pytest

from tests.deployment import deployment, models, plain

__all__ = ["deployment", "models", "plain"]
_TEST_SECONDS = 300


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the deployment have its own time: on a busy machine it takes all of its first test's."""
    item.add_marker(pytest.mark.timeout(_TEST_SECONDS, func_only=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the end what speaks of all that the other tests did."""
    items.sort(key=lambda item: item.path.name == "test_least_privilege.py")
