"""Starts and stops a sandbox's server process, and gives clients its address."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, Unpack, cast

from tfbatch_sandbox.authorization import record
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.processes.system import PORTABLE
from tfbatch_sandbox.server import faults
from tfbatch_sandbox.server.settings import ACCOUNT_ID, REGION, Choices, Settings

if TYPE_CHECKING:
    from types import TracebackType

    from tfbatch_sandbox.server.faults import Changes


_GRACE_SECONDS = 10.0
_LOG_LINES = 20


class SandboxError(Exception):
    """The sandbox's server did not start. The message has the end of its log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """A running sandbox. Its ``with`` block stops it and its children at the end."""

    process: supervision.Process
    port: int
    temporary: Path
    """The folder for temporary files of the server and its children."""
    artifacts: Path
    """The folder of unpacked artifacts."""
    state_dir: Path
    region: str = REGION
    account_id: str = ACCOUNT_ID

    @classmethod
    def start(cls, *, state_dir: Path, **choices: Unpack[Choices]) -> Self:
        """Start a server process and wait until it answers.

        Args:
            state_dir: directory for logs, jobs and functions; created if missing.
            choices: see :class:`tfbatch_sandbox.server.settings.Settings`.

        Raises:
            SandboxError: the server exited before it answered.
        """
        settings = Settings(state_dir=state_dir.resolve(), **choices)
        state_dir.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(settings.artifacts, ignore_errors=True)  # of an earlier sandbox
        with (state_dir / "server.log").open("ab") as log:
            process = _spawn(settings, log)
        started = _read(process, state_dir)
        return cls(
            process=process,
            port=started["port"],
            temporary=Path(started["temporary"]),
            artifacts=settings.artifacts,
            state_dir=state_dir,
        )

    @property
    def endpoint_url(self) -> str:
        """The address of every service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the AWS CLI, SDKs and the CDK at this sandbox.

        Add them to the caller's environment, without ``AWS_PROFILE``.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ENDPOINT_URL_S3": self.endpoint_url,
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
        """The calls of each role: action, outcome, count, and statements that allowed them.

        Empty if IAM isn't enforced.
        """
        with _opener().open(self.endpoint_url + record.PATH) as answer:
            uses: list[dict[str, Any]] = json.load(answer)["authorizations"]
        return uses

    def faults(self, **changes: Unpack[Changes]) -> dict[str, Any]:
        """Make AWS fail from now on, as :class:`tfbatch_sandbox.server.faults.Faults` describes.

        Returns:
            All pending faults.

        Raises:
            ValueError: a change is not valid.
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
        """Stop the server, its jobs and its functions. A second call does nothing."""
        supervision.stop(self.process, grace_seconds=_GRACE_SECONDS)
        for folder in (self.temporary, self.artifacts):  # a killed server leaves the first, too
            shutil.rmtree(folder, ignore_errors=True)

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
    """An opener for local addresses that ignores proxies."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _spawn(settings: Settings, log: IO[bytes]) -> supervision.Process:
    chosen = {PORTABLE: "1"} if settings.portable else {}
    return supervision.spawn(
        [sys.executable, "-m", "tfbatch_sandbox.server.server", settings.to_json()],
        environment=os.environ | chosen,
        stdout=subprocess.PIPE,
        stderr=log,
    )


def _read(process: supervision.Process, state_dir: Path) -> dict[str, Any]:
    """What the server says when it answers."""
    stdout = cast("IO[bytes]", process.stdout)
    with stdout:
        line = stdout.readline()
    if line:
        started: dict[str, Any] = json.loads(line)
        return started
    log = state_dir / "server.log"
    supervision.stop(process)
    tail = "\n".join(log.read_text().splitlines()[-_LOG_LINES:])
    raise SandboxError(f"The sandbox's server did not start. The end of {log}:\n{tail}")
