"""Starts child processes that exit when their parent exits, for whatever reason.

A child is started in a session of its own, so that Ctrl-C in a terminal reaches only the
outermost process, which then stops the others in order. What holds when there is no order (a
``kill -9`` of the parent) is the lifeline: a pipe whose write end only the parent has. When the
parent is gone the child reads its end of file and terminates itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from _thread import start_new_thread  # as it is before gevent makes threads its own
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict, Unpack, cast

from tfbatch_sandbox.processes import fork_client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_VARIABLE = "TFBATCH_LIFELINE_FD"
_FORK_SERVER = "TFBATCH_FORK_SERVER"
_GRACE_SECONDS = 5.0


Process = subprocess.Popen[bytes] | fork_client.Forked
"""What :func:`spawn` starts."""


class Options(TypedDict, total=False):
    """What :func:`spawn` passes on, as ``subprocess.Popen`` describes it."""

    cwd: Path | None
    stdin: int
    stdout: int | IO[bytes]
    stderr: int | IO[bytes]
    pass_fds: tuple[int, ...]


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    **options: Unpack[Options],
) -> Process:
    """Start ``command`` on a lifeline held by this process.

    The command must call :func:`hold` early; one that can't (a program that isn't ours) still
    gets a session of its own and is stopped by :func:`stop`.

    Args:
        command: program and arguments; no shell. Where there is a fork server (see
            :func:`fork_programs`), it starts the programs that it knows.
        environment: the child's whole environment; this process's when ``None``.
        options: of ``subprocess.Popen``; without ``stdin`` there is nothing to read.
    """
    env = dict(os.environ if environment is None else environment)
    return _on_lifeline(
        lambda end: _fork(command, env, options, end) or _start(command, env, options, end)
    )


def _on_lifeline(start: Callable[[int], Process]) -> Process:
    read_end, write_end = os.pipe()
    try:
        process = start(read_end)
    except BaseException:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    # Kept on the process object: the pipe closes when the parent forgets or loses the child.
    process.lifeline = open(write_end, "wb", buffering=0)  # type: ignore[union-attr] # noqa: SIM115, PTH123
    return process


def _start(
    command: Sequence[str], env: dict[str, str], options: Options, lifeline: int
) -> subprocess.Popen[bytes]:
    """The process, started afresh."""
    known = {} if fork_server.address is None else {_FORK_SERVER: fork_server.address}
    return subprocess.Popen(
        list(command),
        env=env | known | {_VARIABLE: str(lifeline)},
        start_new_session=True,
        cwd=options.get("cwd"),
        stdin=options.get("stdin", subprocess.DEVNULL),
        stdout=options.get("stdout"),
        stderr=options.get("stderr"),
        pass_fds=(lifeline, *options.get("pass_fds", ())),
    )


def _fork(
    command: Sequence[str], env: dict[str, str], options: Options, lifeline: int
) -> fork_client.Forked | None:
    """The process, if there is a server that forks it."""
    program = command[2] if list(command[:2]) == [sys.executable, "-m"] else ""
    is_known = program in fork_client.PROGRAMS and not {"stdin", "pass_fds"} & options.keys()
    address = fork_server.find() if is_known else None
    if address is None:
        return None
    order = fork_client.Order(
        program=program,
        arguments=list(command[3:]),
        environment=env | {_FORK_SERVER: address},
        lifeline=_VARIABLE,
        directory=str(options.get("cwd") or Path.cwd()),
    )
    try:
        return fork_client.fork(
            *(address, order, lifeline),
            stdout=options.get("stdout", 1),
            stderr=options.get("stderr", 2),
        )
    except OSError:  # it was killed
        return None


@dataclass(slots=True)
class ForkServer:
    """The one that this process may use."""

    address: str | None = None
    is_wanted: bool = False
    """Whether this process starts one when it needs it first, and has not yet."""
    process: Process | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self) -> str | None:
        """Its address, when it is ready."""
        with self._lock:
            if self.is_wanted:
                self.is_wanted = False
                command = [sys.executable, "-m", "tfbatch_sandbox.processes.fork_server"]
                environment = os.environ | {"OMP_NUM_THREADS": "1"}  # it must have one thread
                self.process = _on_lifeline(
                    lambda end: _start(command, environment, {"stdout": subprocess.PIPE}, end)
                )
                with cast("IO[bytes]", self.process.stdout) as said:
                    self.address = said.readline().decode().strip() or None
            return self.address


fork_server = ForkServer()


def fork_programs() -> None:
    """Have :func:`spawn` fork the sandbox's own programs, here and in all that it starts."""
    if fork_server.address is None:
        fork_server.is_wanted = sys.platform == "linux"  # elsewhere libraries do not stand it


def hold() -> None:
    """Terminate this process's whole session when the process that started it is gone.

    Does nothing in a process that :func:`spawn` did not start. Processes further down that do not
    call :func:`spawn` themselves (gunicorn's workers) are in the same session and end with it.
    """
    fork_server.address = os.environ.pop(_FORK_SERVER, None)
    descriptor = os.environ.pop(_VARIABLE, None)
    if descriptor is not None:
        start_new_thread(_watch, (int(descriptor),))


def _watch(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)


def stop(process: Process, *, grace_seconds: float = _GRACE_SECONDS) -> int:
    """Stop a spawned process and its session.

    Args:
        process: what :func:`spawn` returned.
        grace_seconds: how long it may take to end by itself; then it gets SIGKILL.

    Returns:
        The exit status, as ``Popen.returncode`` gives it.
    """
    _signal_session(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_seconds)
    _signal_session(process, signal.SIGKILL)
    process.lifeline.close()  # type: ignore[union-attr]
    return process.wait()


def _signal_session(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
