"""Prices of instance types in USD per hour: ``prices.json``, or a stage's own prices.

``tfbatch prices`` updates ``prices.json``.
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
"""The region whose prices are used for regions without prices."""


class Prices(TypedDict):
    """The prices of one region."""

    read: str
    """The date when the prices were read, as YYYY-MM-DD."""
    source: str
    usd_per_hour: dict[str, float]
    """Price by instance type, without ``ml.``."""


@cache
def table() -> dict[str, Prices]:
    """The price table, by region."""
    prices: dict[str, Prices] = json.loads(FILE.read_text())
    return prices


class Price(TypedDict):
    """The price of an instance type, as the workflow reads it."""

    usd: float
    of: str
    """Source of the price: its date, or ``settings``."""


def by_region(compute: Compute, *, region: str | None) -> dict[str, dict[str, Price]]:
    """Prices of a stage's instance types, by region and instance type (with ``ml.``).

    Without a ``region`` the table has all regions, since the deployment picks one later. It always
    has ``FALLBACK_REGION``.

    Args:
        compute: its ``usd_per_hour`` overrides the table in every region.
        region: the stage's region, if it is fixed.
    """
    regions = {name: known for name, known in table().items() if region in (None, name)}
    own = {
        f"ml.{name}": Price(usd=usd, of="settings") for name, usd in compute.usd_per_hour.items()
    }
    fallback = _prices(table()[FALLBACK_REGION], compute) | own
    return {FALLBACK_REGION: fallback} | {
        name: _prices(known, compute) | own for name, known in regions.items()
    }


def _prices(known: Prices, compute: Compute) -> dict[str, Price]:
    usd: Mapping[str, float] = known["usd_per_hour"]
    return {
        f"ml.{name}": Price(usd=usd[name], of=known["read"])
        for name in compute.instance_types
        if name in usd
    }
