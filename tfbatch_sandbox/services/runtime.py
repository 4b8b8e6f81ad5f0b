"""What extensions need of the sandbox: its settings, sessions and processes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfbatch_sandbox.authorization.guard import Guard
from tfbatch_sandbox.authorization.sessions import Sessions
from tfbatch_sandbox.container import fitting
from tfbatch_sandbox.container.host.artifact import ARTIFACTS
from tfbatch_sandbox.processes.system import PORTABLE
from tfbatch_sandbox.server.faults import FaultBox
from tfbatch_sandbox.server.loopback import Loopback
from tfbatch_sandbox.services.clients import OWNER, Clients
from tfbatch_sandbox.services.lambda_.runtime.pool import Environments

if TYPE_CHECKING:
    from tfbatch_sandbox.authorization.sessions import Credentials
    from tfbatch_sandbox.server.settings import Settings

_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TF_CPP_MIN_LOG_LEVEL")
_OF_ENGINES = (
    "CONTAINER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "XDG_RUNTIME_DIR",
)
"""Variables by which a Docker-compatible program finds its engine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """A running server: its settings and its port."""

    settings: Settings
    port: int
    faults: FaultBox = field(default_factory=FaultBox)
    loopback: Loopback = field(default_factory=Loopback)
    environments: Environments = field(default_factory=Environments)
    """The environments of Lambda functions."""
    guard: Guard = field(init=False)
    """Allows or denies incoming calls."""
    sessions: Sessions = field(init=False)
    """Creates credentials of roles."""
    clients: Clients = field(init=False)
    """Clients for calls of this server to itself."""

    def __post_init__(self) -> None:
        guard = Guard(enforces=self.settings.enforce_iam)
        object.__setattr__(self, "guard", guard)
        object.__setattr__(self, "sessions", Sessions(guard))
        object.__setattr__(self, "clients", Clients(self.endpoint_url, self.loopback))

    @property
    def endpoint_url(self) -> str:
        """The address of this server."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, region: str, credentials: Credentials = OWNER) -> dict[str, str]:
        """The whole environment of a child process, without the caller's AWS settings."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return inherited | {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **credentials.environment(),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "*",
        }

    def container_environment(self) -> dict[str, str]:
        """Further variables of a child process that starts containers."""
        chosen = {
            "SANDBOX_MODEL_SERVER": self.settings.model_server,
            "SANDBOX_CONTAINER_ENGINE": self.settings.container_engine,
            ARTIFACTS: str(self.settings.artifacts),
            PORTABLE: os.environ.get(PORTABLE),
        }
        own = {name: os.environ[name] for name in _OF_ENGINES if name in os.environ}
        named = {name: program for name, program in chosen.items() if program is not None}
        return named | own | fitting.downloads(os.environ)
