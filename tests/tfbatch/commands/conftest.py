"""The command speaks to a deployment of these tests' own."""

from __future__ import annotations

from tests.deployment import deployment, models, pytest_itemcollected

__all__ = ["deployment", "models", "pytest_itemcollected"]
