"""SDK clients for calls of the server to itself, created once because that takes 0.2 s.

All belong to one session, which reads the SDK's data files once.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import botocore.session

from tfbatch_sandbox.authorization.sessions import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient
    from botocore.config import Config

    from tfbatch_sandbox.server.loopback import Loopback

OWNER = Credentials()
_SESSION = botocore.session.get_session()
_LOCK = threading.Lock()
"""A session is not thread-safe."""


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of all services, regions and callers."""

    endpoint_url: str
    loopback: Loopback
    config: Config | None = None
    prepare: Callable[[BaseClient], BaseClient] | None = None
    """Configures a new client."""
    _made: dict[tuple[str, str, str], BaseClient] = field(default_factory=dict)

    def get(self, service: str, region: str, credentials: Credentials = OWNER) -> Any:  # noqa: ANN401 - any of boto3's
        """The client of a service."""
        key = (service, region, credentials.access_key)
        with _LOCK:
            if key not in self._made:
                self._made[key] = self._make(service, region, credentials)
            return self._made[key]

    def _make(self, service: str, region: str, credentials: Credentials) -> BaseClient:
        client: BaseClient = _SESSION.create_client(
            service,
            region_name=region,
            endpoint_url=self.endpoint_url,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret,
            aws_session_token=credentials.token,
            config=self.config,
        )
        client.meta.events.register("before-send", self.loopback)  # type: ignore[arg-type] # answers
        return client if self.prepare is None else self.prepare(client)
