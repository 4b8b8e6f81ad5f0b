"""Starts, finds and stops the sandbox that runs in the background, one for each project.

A keeper process, in a session of its own, starts the sandbox's server and supervises it. SIGTERM
ends it and the sandbox. ``sandbox.json`` describes it while it runs.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]

from tfbatch import project
from tfbatch.terminal.interrupt import interruptible
from tfbatch_sandbox.sandbox import Sandbox, SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.05
_SAME_SECONDS = 1.0


def home() -> Path:
    """The directory of the state of this project's sandbox.

    Outside of a project there is one for the user. Source: XDG Base Directory Specification.
    """
    owner = project.find()
    digest = hashlib.sha256(str(owner).encode()).hexdigest()[:8]
    return _base() / (f"{owner.name}-{digest}" if owner else "default")


def _base() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "tfbatch" / "sandboxes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """A running sandbox."""

    pid: int
    """Process id of its keeper."""
    started: float
    """When that process started, in seconds since the epoch, because process ids are reused."""
    environment: dict[str, str]
    """The variables that point a terminal to it."""
    directory: str
    """Logs, jobs and functions."""
    project: str
    """The folder of the project whose it is; empty outside of a project."""

    @property
    def endpoint_url(self) -> str:
        """Where it answers."""
        return self.environment["AWS_ENDPOINT_URL"]

    @property
    def log(self) -> Path:
        """The server's log."""
        return Path(self.directory) / "server.log"

    @property
    def is_up(self) -> bool:
        """Whether its keeper runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _SAME_SECONDS
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


def find() -> Background | None:
    """Return the project's running sandbox, if there is one."""
    return _read(_state())


def others() -> list[Background]:
    """The running sandboxes of other projects."""
    states = sorted(_base().glob(f"*/{_state().name}"))
    return [found for state in states if state != _state() and (found := _read(state))]


def _read(state: Path) -> Background | None:
    try:
        found = Background(**json.loads(state.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return found if found.is_up else None


def start(*, port: int = 0) -> tuple[Background, bool]:
    """Start it, unless it runs.

    Args:
        port: on 127.0.0.1; 0 for any free one.

    Returns:
        The sandbox, and whether this call started it.

    Raises:
        SandboxError: it did not start; with the end of its log.
    """
    with _alone():
        if found := find():
            return found, False
        return _start(port), True


def stop() -> Background | None:
    """Stop it and wait for its end; return it."""
    with _alone():
        found = find()
        if found:
            os.kill(found.pid, signal.SIGTERM)
            _wait(lambda: not found.is_up)
        _state().unlink(missing_ok=True)
        return found


def keep(port: int) -> None:
    """The keeper: run a sandbox until SIGTERM."""
    directory = home() / "current"
    shutil.rmtree(directory, ignore_errors=True)  # of the earlier one
    with interruptible(), Sandbox.start(state_dir=directory, port=port) as running:
        process = psutil.Process()
        background = Background(
            pid=process.pid,
            started=process.create_time(),
            environment=running.environment,
            directory=str(directory),
            project=str(project.find() or ""),
        )
        written = _state().with_suffix(".new")
        written.write_text(json.dumps(asdict(background)))
        written.replace(_state())
        with contextlib.suppress(KeyboardInterrupt):
            running.process.wait()


def _start(port: int) -> Background:
    log = home() / "keeper.log"
    _state().unlink(missing_ok=True)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tfbatch.sandbox.background", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    _wait(lambda: _state().exists() or process.poll() is not None)
    if found := find():
        process.returncode = 0  # nobody waits for it, so suppress Python's warning
        return found
    raise SandboxError(f"The sandbox did not start. The end of {log}:\n{log.read_text()[-2000:]}")


def _state() -> Path:
    return home() / "sandbox.json"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Lock, so that only one terminal starts or stops it at a time."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    keep(int(sys.argv[1]))
