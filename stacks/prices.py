"""What an instance costs by the hour: a dated table, and what a stage says instead."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stacks.settings import Compute

_TABLE = Path(__file__).with_name("prices.json")
_DEFAULT_REGION = "us-east-1"


@cache
def table() -> dict[str, Any]:
    """The price table: ``read`` (date), ``source``, ``usd_per_hour`` by region and type."""
    prices: dict[str, Any] = json.loads(_TABLE.read_text())
    return prices


def usd_per_hour(compute: Compute, *, region: str | None) -> dict[str, float]:
    """Prices of a stage's instance types, those that are known.

    Args:
        compute: its own prices come first.
        region: the table's default region's prices stand in for a region it doesn't have.
    """
    regions = table()["usd_per_hour"]
    known = regions.get(region or _DEFAULT_REGION, regions[_DEFAULT_REGION]) | dict(
        compute.usd_per_hour
    )
    return {name: known[name] for name in compute.instance_types if name in known}
