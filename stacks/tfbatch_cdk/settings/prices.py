"""What an instance costs by the hour: a dated table, and what a stage says instead.

``tfbatch prices`` writes the table.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_cdk.settings.compute import Compute

FILE = Path(__file__).with_name("prices.json")
FALLBACK_REGION = "us-east-1"
"""The region whose prices are taken where another has none."""


class Prices(TypedDict):
    """Of one region."""

    read: str
    """The date, as YYYY-MM-DD."""
    source: str
    usd_per_hour: dict[str, float]
    """By instance type, without ``ml.``."""


@cache
def table() -> dict[str, Prices]:
    """The price table, by region."""
    prices: dict[str, Prices] = json.loads(FILE.read_text())
    return prices


class Price(TypedDict):
    """Of an instance type, as the workflow takes it."""

    usd: float
    of: str
    """When and where it is from, in words."""


def by_region(compute: Compute, *, region: str | None) -> dict[str, dict[str, Price]]:
    """Prices of a stage's instance types by region and then type, with ``ml.``.

    The region that a stack is deployed to may be known by then only, and have no price: so there
    are all of them, unless the stage names its region, and those that stand in.

    Args:
        compute: its own prices are every region's.
        region: the stage's.
    """
    regions = {name: known for name, known in table().items() if region in (None, name)}
    own = {
        f"ml.{name}": Price(usd=usd, of="settings") for name, usd in compute.usd_per_hour.items()
    }
    standing = _prices(table()[FALLBACK_REGION], compute) | own
    return {FALLBACK_REGION: standing} | {
        name: _prices(known, compute) | own for name, known in regions.items()
    }


def _prices(known: Prices, compute: Compute) -> dict[str, Price]:
    usd: Mapping[str, float] = known["usd_per_hour"]
    return {
        f"ml.{name}": Price(usd=usd[name], of=known["read"])
        for name in compute.instance_types
        if name in usd
    }
