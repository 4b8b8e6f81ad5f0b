"""SDK clients for calls of this server to itself, each made once: to make one takes 0.2 s."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3

from sandbox.authorization.sessions import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient
    from botocore.config import Config

OWNER = Credentials()


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of all services, regions and callers."""

    endpoint_url: str
    config: Config | None = None
    prepare: Callable[[BaseClient], BaseClient] | None = None
    """Changes a client that was made."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _made: dict[tuple[str, str, str], BaseClient] = field(default_factory=dict)

    def get(self, service: str, region: str, credentials: Credentials = OWNER) -> Any:  # noqa: ANN401 - any of boto3's
        """The client of a service."""
        key = (service, region, credentials.access_key)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(service, region, credentials)
            return self._made[key]

    def _make(self, service: str, region: str, credentials: Credentials) -> BaseClient:
        session: Any = boto3.Session(
            credentials.access_key, credentials.secret, credentials.token, region_name=region
        )
        client: BaseClient = session.client(
            service, endpoint_url=self.endpoint_url, config=self.config
        )
        return client if self.prepare is None else self.prepare(client)
