"""Starts and stops a sandbox's server process, and gives clients its address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self, Unpack, cast

from tfbatch_sandbox.authorization import record
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.server import faults
from tfbatch_sandbox.server.settings import ACCOUNT_ID, REGION, Choices, Settings

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from tfbatch_sandbox.server.faults import Changes


_GRACE_SECONDS = 10.0
_LOG_LINES = 20


class SandboxError(Exception):
    """The sandbox's server did not start; the message holds the end of its log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """A running sandbox; leaving its ``with`` block stops it and all that it started."""

    process: supervision.Process
    port: int
    state_dir: Path
    region: str = REGION
    account_id: str = ACCOUNT_ID

    @classmethod
    def start(cls, *, state_dir: Path, **choices: Unpack[Choices]) -> Self:
        """Start a server process and wait until it answers.

        Args:
            state_dir: directory for logs, jobs and functions; made when missing.
            choices: as in :class:`tfbatch_sandbox.server.settings.Settings`.

        Raises:
            SandboxError: the server ended before it answered.
        """
        settings = Settings(state_dir=state_dir.resolve(), **choices)
        state_dir.mkdir(parents=True, exist_ok=True)
        with (state_dir / "server.log").open("ab") as log:
            process = _spawn(settings, log)
        return cls(process=process, port=_read_port(process, state_dir), state_dir=state_dir)

    @property
    def endpoint_url(self) -> str:
        """Where every service answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which the AWS CLI, SDKs and the CDK talk to this sandbox.

        Lay them over the caller's own; ``AWS_PROFILE`` must not be set beside them.
        """
        # S3 clients put the bucket in front of the host name: bucket.localhost is this machine.
        endpoint = f"http://localhost:{self.port}"
        return {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ENDPOINT_URL_S3": endpoint,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",  # pragma: allowlist secret
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
        }

    def authorizations(self) -> list[dict[str, Any]]:
        """What was asked in the name of each role: action, outcome, how often, by which statements.

        Empty where IAM is not enforced.
        """
        with _opener().open(self.endpoint_url + record.PATH) as answer:
            uses: list[dict[str, Any]] = json.load(answer)["authorizations"]
        return uses

    def faults(self, **changes: Unpack[Changes]) -> dict[str, Any]:
        """Make AWS fail from now on, as :class:`tfbatch_sandbox.server.faults.Faults` describes.

        Returns:
            All that is still to go wrong.

        Raises:
            ValueError: a change is not one that can be made.
        """
        url, body = self.endpoint_url + faults.PATH, json.dumps(changes).encode()
        try:
            with _opener().open(urllib.request.Request(url, body, method="POST")) as answer:  # noqa: S310
                left: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                raise ValueError(json.load(refused)["error"]) from None
        return left

    def stop(self) -> None:
        """Stop the server, its jobs and its functions; does nothing the second time."""
        supervision.stop(self.process, grace_seconds=_GRACE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _opener() -> urllib.request.OpenerDirector:
    """Opens addresses of this machine, past any proxy."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _spawn(settings: Settings, log: IO[bytes]) -> supervision.Process:
    return supervision.spawn(
        [sys.executable, "-m", "tfbatch_sandbox.server.server", settings.to_json()],
        stdout=subprocess.PIPE,
        stderr=log,
    )


def _read_port(process: supervision.Process, state_dir: Path) -> int:
    stdout = cast("IO[bytes]", process.stdout)
    with stdout:
        line = stdout.readline()
    if line:
        return int(json.loads(line)["port"])
    log = state_dir / "server.log"
    supervision.stop(process)
    tail = "\n".join(log.read_text().splitlines()[-_LOG_LINES:])
    raise SandboxError(f"The sandbox's server did not start. The end of {log}:\n{tail}")
