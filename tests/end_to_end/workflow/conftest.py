"""The app deployed once, by the real ``cdk deploy``, into a sandbox of these tests' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.deployment import deployment, models, plain, pytest_itemcollected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deployment import Deployment

__all__ = ["deployment", "models", "plain", "pytest_itemcollected"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the end what speaks of all that the other tests did."""
    items.sort(key=lambda item: item.path.name == "test_least_privilege.py")


@pytest.fixture(autouse=True)
def _no_fault_outlives_its_test(deployment: Deployment) -> Iterator[None]:
    yield
    deployment.sandbox.faults(no_capacity=[], requests=[], internal_errors=0)
