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
    "gunicorn": "master",
    "worker": "worker",
    "model server": "tfbatch_sandbox.model_server",
    "function": "tfbatch_sandbox.services.lambda_.runtime.python",
    "JavaScript function": "/lambda_/runtime/node.cjs",
    "fork server": "tfbatch_sandbox.processes.fork_server",
}
"""A word of the command lines of the sandbox's child processes, or after a slash how it ends.
Gunicorn's title has the container's program too, in brackets."""
_POLL_SECONDS: Final = 0.1


def find(sandbox: Sandbox, program: str) -> list[psutil.Process]:
    """A sandbox's processes of a program, the oldest first."""
    named = PROGRAMS[program]
    ends = named if named.startswith("/") else f" {named}"
    return sorted(
        (
            one
            for one in of_sandbox(sandbox)
            if any(f" {word}".endswith(ends) for word in words(one))
        ),
        key=_age,
    )


def of_sandbox(sandbox: Sandbox) -> list[psutil.Process]:
    """The living child processes of a sandbox: its own, and those that work in its folder.

    Not by their parents: a forked process has another, and an orphan none.
    """
    own = _own(sandbox)
    folder = str(sandbox.state_dir.resolve())
    return [
        one
        for one in psutil.process_iter()
        if _is_alive(one) and (one.pid in own or _works_in(one, folder))
    ]


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


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _own(sandbox: Sandbox) -> set[int]:
    """The server's children; none of a server that was killed."""
    try:
        return {one.pid for one in psutil.Process(sandbox.process.pid).children()}
    except psutil.Error:
        return set()


def _works_in(process: psutil.Process, folder: str) -> bool:
    try:
        named = any(folder in word for word in process.cmdline())
        return named or process.cwd().startswith(folder)
    except psutil.Error:
        return False


def _age(process: psutil.Process) -> float:
    try:
        created: float = process.create_time()
    except psutil.Error:
        return 0.0
    return created
