"""Parses AWS's price list: instance types of Batch Transform and their price per hour.

A product is the same in both of AWS's answers: the Price List API's, and the offer files'. What
tells a component apart has changed its name with the years, so that all of them are asked.
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
    """USD an hour by instance type, without ``ml.``, in the types' order.

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
    """The instance type of a Batch Transform product; ``None`` for all others."""
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
    """The price of an hour on demand, if there is one that is not free."""
    for dimension in _dimensions(terms):
        usd = float(dimension["pricePerUnit"].get("USD", 0))
        if usd and dimension["unit"].lower() in ("hrs", "hours", "hour"):
            return usd
    return None


def _dimensions(terms: Terms) -> Iterator[Mapping[str, Any]]:
    for term in terms.values():
        yield from term["priceDimensions"].values()
