"""Downloads prices from the Price List API or from its public files."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Protocol

from tfbatch.prices.products import hourly
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3

    from tfbatch.prices.products import Product, Terms

SERVICE = "AmazonSageMaker"
PUBLIC_URL = "https://pricing.us-east-1.amazonaws.com"
API_REGION = "us-east-1"
"""A region with the Price List API. Its prices are for all regions."""
_INDEX = f"/offers/v1.0/aws/{SERVICE}/current/region_index.json"
_SECONDS = 60


class Source(Protocol):
    """Gives the prices of a region's instances."""

    name: str

    def read(self, region: str) -> dict[str, float]:
        """USD an hour by type; empty if AWS has no prices.

        Raises:
            Problem: no answer, or an unknown format.
        """
        ...


class Api:
    """``pricing:GetProducts``, page by page."""

    name = "AWS Price List API (GetProducts, AmazonSageMaker, Batch Transform, on demand)"

    def __init__(self, session: boto3.Session) -> None:
        self._client: Any = session.client("pricing", region_name=API_REGION)

    def read(self, region: str) -> dict[str, float]:
        """See :class:`Source`."""
        return _checked(self.name, region, self._offers(region))

    def _offers(self, region: str) -> Iterator[tuple[Product, Terms]]:
        wanted = {"regionCode": region, "productFamily": "ML Instance"}
        pages = self._client.get_paginator("get_products").paginate(
            ServiceCode=SERVICE,
            Filters=[
                {"Type": "TERM_MATCH", "Field": field, "Value": value}
                for field, value in wanted.items()
            ],
        )
        for page in pages:
            for text in page["PriceList"]:
                offer = json.loads(text)
                yield offer["product"], offer["terms"].get("OnDemand", {})


class Files:
    """AWS's offer files, one for each region, without credentials."""

    name = "AWS price list files (AmazonSageMaker, Batch Transform, on demand)"

    def __init__(self, url: str = PUBLIC_URL) -> None:
        self._url = url.rstrip("/")
        self._regions: dict[str, Any] | None = None

    def read(self, region: str) -> dict[str, float]:
        """See :class:`Source`."""
        if self._regions is None:
            self._regions = _json(self._url + _INDEX).get("regions", {})
        if region not in self._regions:
            return {}
        offers = _json(self._url + self._regions[region]["currentVersionUrl"])
        return _checked(self.name, region, self._offers(offers))

    def _offers(self, document: Any) -> Iterator[tuple[Product, Terms]]:  # noqa: ANN401
        on_demand = document["terms"].get("OnDemand", {})
        for sku, product in document["products"].items():
            yield product, on_demand.get(sku, {})


def _checked(source: str, region: str, offers: Iterator[tuple[Product, Terms]]) -> dict[str, float]:
    try:
        return hourly(offers)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Problem(
            f"{source} answered for {region} in a form that is not known ({error!r}): the prices "
            "stay as they are. Set Compute.usd_per_hour meanwhile."
        ) from error


def _json(url: str) -> Any:  # noqa: ANN401 # any JSON
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as reply:  # noqa: S310 # AWS's, or --url
            return json.load(reply)
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        raise Problem(
            f"{url} can't be read: {error}. See that this machine reaches it, or use --source api "
            "with AWS credentials."
        ) from error
