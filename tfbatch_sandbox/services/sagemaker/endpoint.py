"""An endpoint as the API shows it: its status and its running variants."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.sagemaker.models import FakeEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfbatch_sandbox.services.sagemaker.endpoint_configs import EndpointConfig
    from tfbatch_sandbox.services.sagemaker.endpoint_host import Host

    Variants = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """An endpoint configuration's running hosts, one for each production variant."""

    config: EndpointConfig
    hosts: Mapping[str, Host]

    def wait(self) -> str | None:
        """Wait until every container is healthy, or return why one never will be."""
        return next(filter(None, (host.wait() for host in self.hosts.values())), None)

    def stop(self) -> None:
        """Stop all containers at once."""
        with ThreadPoolExecutor() as pool:
            pool.map(lambda host: host.stop(), self.hosts.values())


class Endpoint(FakeEndpoint):
    """An endpoint. moto reads and changes the public attributes."""

    def __init__(self, *, name: str, arn: str, tags: list[dict[str, str]]) -> None:
        self.endpoint_name, self.arn, self.tags = name, arn, tags
        self.endpoint_config_name = ""
        self.production_variants: Variants = []
        self.endpoint_status = "Creating"
        self.failure_reason: str | None = None
        self.creation_time = self.last_modified_time = datetime.now(UTC)
        self._fleet: Fleet | None = None
        self._coming: Fleet | None = None
        self._lock = threading.Lock()
        self._settled = threading.Event()

    @property
    def response_object(self) -> dict[str, Any]:
        """The DescribeEndpoint response."""
        values = {
            "EndpointName": self.endpoint_name,
            "EndpointArn": self.arn,
            "EndpointConfigName": self.endpoint_config_name,
            "ProductionVariants": self.production_variants,
            "EndpointStatus": self.endpoint_status,
            "FailureReason": self.failure_reason,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
        }
        return {name: value for name, value in values.items() if value not in (None, [])}

    @property
    def is_changing(self) -> bool:
        """Whether it is being created or updated."""
        return self.endpoint_status in {"Creating", "Updating"}

    def deploy(self, start: Callable[[], Fleet], config: EndpointConfig) -> None:
        """Replace the fleet by a new one, when that is healthy, in the background."""
        with self._lock:
            self.endpoint_config_name = self.endpoint_config_name or config.endpoint_config_name
            self._settled.clear()
            self._set("Creating" if self._fleet is None else "Updating")
            self._coming = start()
        threading.Thread(target=self._deploy, args=(self._coming,), daemon=True).start()

    def settle(self) -> None:
        """Wait while it is being created or updated."""
        self._settled.wait()

    def host(self, variant: str | None) -> tuple[str, Host] | None:
        """A variant and its host: the named one, or one by the variants' weights."""
        fleet = self._fleet
        if fleet is None or self.endpoint_status not in {"InService", "Updating"}:
            return None
        if variant is None:
            weights = [each["CurrentWeight"] for each in self.production_variants]
            names = [each["VariantName"] for each in self.production_variants]
            variant = random.choices(names, weights if any(weights) else None)[0]  # noqa: S311 - spreads load, keeps no secret
        return (variant, fleet.hosts[variant]) if variant in fleet.hosts else None

    def stop(self) -> None:
        """End it, with its current and its future fleet."""
        with self._lock:
            self._set("Deleting")
            fleets = filter(None, (self._fleet, self._coming))
        for fleet in fleets:
            fleet.stop()

    def _deploy(self, fleet: Fleet) -> None:
        reason = fleet.wait()
        with self._lock:
            retired = self._replace(fleet, reason)
        if retired is not None:
            retired.stop()
        self._settled.set()

    def _replace(self, fleet: Fleet, reason: str | None) -> Fleet | None:
        """Use a new fleet, or keep the old one if it is unhealthy; returns the other."""
        self._coming = None
        self.failure_reason = reason
        if self.endpoint_status == "Deleting":
            return fleet
        if reason is not None:
            self._set("Failed" if self._fleet is None else "InService")
            return fleet
        old, self._fleet = self._fleet, fleet
        self.endpoint_config_name = fleet.config.endpoint_config_name
        self.production_variants = [_standing(each) for each in fleet.config.production_variants]
        self._set("InService")
        return old

    def _set(self, status: str) -> None:
        self.endpoint_status = status
        self.last_modified_time = datetime.now(UTC)


def _standing(variant: Mapping[str, Any]) -> dict[str, Any]:
    """A ProductionVariantSummary of a requested variant."""
    count, weight = variant.get("InitialInstanceCount"), variant.get("InitialVariantWeight", 1.0)
    values = {
        "VariantName": variant["VariantName"],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
        "CurrentServerlessConfig": variant.get("ServerlessConfig"),
    }
    return {name: value for name, value in values.items() if value is not None}
