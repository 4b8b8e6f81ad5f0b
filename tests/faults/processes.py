"""Finds a sandbox's processes, to kill or to stop them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.sandbox import Sandbox

PROGRAMS: Final = {
    "engine": "tfbatch_sandbox.transform",
    "container": "tfbatch_sandbox.container",
    "service": "tfbatch_sandbox.container.gunicorn_app",
    "model server": "tfbatch_sandbox.model_server",
    "function": "tfbatch_sandbox.services.lambda_.runtime.python",
    "JavaScript function": "/lambda_/runtime/node.cjs",
    "fork server": "tfbatch_sandbox.processes.fork_server",
}
"""How a word of the command lines of the sandbox's child processes ends."""
_POLL_SECONDS: Final = 0.02


def find(sandbox: Sandbox, program: str) -> list[psutil.Process]:
    """A sandbox's processes of a program, the oldest first; of the service, without its workers."""
    end = PROGRAMS[program]
    found = [one for one in of_sandbox(sandbox) if any(word.endswith(end) for word in words(one))]
    ids = {one.pid for one in found}
    return sorted((one for one in found if _parent(one) not in ids), key=_age)


def workers(sandbox: Sandbox) -> list[psutil.Process]:
    """The workers of the service, the oldest first."""
    masters = {one.pid for one in find(sandbox, "service")}
    return sorted((one for one in of_sandbox(sandbox) if _parent(one) in masters), key=_age)


def of_sandbox(sandbox: Sandbox) -> list[psutil.Process]:
    """The living child processes of a sandbox: its own, and those that work in its folder.

    Not by their parents: a forked process has another, and an orphan none.
    """
    own = {one.pid for one in psutil.Process(sandbox.process.pid).children()}
    folder = str(sandbox.state_dir.resolve())
    return [one for one in psutil.process_iter() if one.pid in own or _works_in(one, folder)]


def words(process: psutil.Process) -> list[str]:
    """A process's command line; empty if it has ended."""
    try:
        found: list[str] = " ".join(process.cmdline()).split()
    except psutil.Error:
        return []
    return found


def children(pid: int) -> set[int]:
    """The ids of a process's children."""
    try:
        return {one.pid for one in psutil.Process(pid).children(recursive=True)}
    except psutil.Error:
        return set()


def wait_for(
    look: Callable[[], list[psutil.Process]], *, seconds: float = 60.0
) -> list[psutil.Process]:
    """Wait until there are such processes.

    Raises:
        TimeoutError: there are none.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(_POLL_SECONDS)
    raise TimeoutError("there is no such process")


def _works_in(process: psutil.Process, folder: str) -> bool:
    try:
        is_alive = process.status() != psutil.STATUS_ZOMBIE
        named = any(folder in word for word in process.cmdline())
        return is_alive and (named or process.cwd().startswith(folder))
    except psutil.Error:
        return False


def _parent(process: psutil.Process) -> int:
    try:
        parent: int = process.ppid()
    except psutil.Error:
        return 0
    return parent


def _age(process: psutil.Process) -> float:
    try:
        created: float = process.create_time()
    except psutil.Error:
        return 0.0
    return created
