"""Parses AWS's price list: instance types of Batch Transform and their price per hour.

Products are equal in the Price List API and in the offer files. The attribute that names the
component has changed over the years, so all its names are tried.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Product = dict[str, Any]
Terms = dict[str, Any]

_COMPONENT = "batchtransform"
_NAMES = ("component", "platoinstancetype")
_TYPES = ("instanceName", "instanceType", "platoinstancename")
_TYPE = re.compile(r"ml\.(?P<type>[a-z0-9-]+?\.\w+)(-(?P<component>.+))?")


def hourly(offers: Iterable[tuple[Product, Terms]]) -> dict[str, float]:
    """USD an hour by instance type, without ``ml.``, sorted by type.

    Args:
        offers: products, each with its on-demand terms.
    """
    found = {}
    for product, terms in offers:
        name, usd = _batch_type(product.get("attributes", {})), _usd(terms)
        if name and usd:
            found[name] = usd
    return dict(sorted(found.items()))


def _batch_type(attributes: Mapping[str, str]) -> str | None:
    """The instance type of a Batch Transform product; ``None`` for other products."""
    matches = [_TYPE.fullmatch(attributes.get(name, "")) for name in _TYPES]
    named = [match for match in matches if match]
    components = [attributes.get(name) for name in _NAMES]
    components += [match["component"] for match in named]
    if named and _COMPONENT in map(_plain, components):
        return named[0]["type"]
    return None


def _plain(name: str | None) -> str:
    return re.sub("[^a-z]", "", (name or "").lower())


def _usd(terms: Terms) -> float | None:
    """The on-demand price of an hour, if it isn't free."""
    for dimension in _dimensions(terms):
        usd = float(dimension["pricePerUnit"].get("USD", 0))
        if usd and dimension["unit"].lower() in ("hrs", "hours", "hour"):
            return usd
    return None


def _dimensions(terms: Terms) -> Iterator[Mapping[str, Any]]:
    for term in terms.values():
        yield from term["priceDimensions"].values()
