"""Starts child processes that exit when their parent exits, for whatever reason.

A child gets a session of its own, so Ctrl-C in a terminal reaches only the outermost process, which
stops the others in order. If the parent is killed instead, a pipe ends the child: only the parent
has its write end, and the child terminates itself at the end of file.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from _thread import start_new_thread  # the original, before gevent replaces threads
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict, Unpack, cast

from tfbatch_sandbox.processes import fork_client
from tfbatch_sandbox.processes.system import PORTABLE, system

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_VARIABLE = "TFBATCH_SUPERVISION_FD"
_FORK_SERVER = "TFBATCH_FORK_SERVER"
_GRACE_SECONDS = 5.0


Process = subprocess.Popen[bytes] | fork_client.Forked
"""What :func:`spawn` starts."""


class Options(TypedDict, total=False):
    """The options of ``subprocess.Popen`` that :func:`spawn` passes on."""

    cwd: Path | None
    stdin: int
    stdout: int | IO[bytes]
    stderr: int | IO[bytes]


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    descriptors: Mapping[str, int] | None = None,
    **options: Unpack[Options],
) -> Process:
    """Start ``command`` supervised by this process.

    The command must call :func:`hold` early. A program that can't still gets a session of its own,
    and :func:`stop` stops it.

    Args:
        command: program and arguments; no shell. If there is a fork server (see
            :func:`fork_programs`), it starts the programs that it knows.
        environment: the child's whole environment; this process's if ``None``.
        descriptors: descriptors that the child gets, by the variables with their numbers there.
        options: options of ``subprocess.Popen``. Without ``stdin`` there is no input.
    """
    env = dict(os.environ if environment is None else environment)

    def start(end: int) -> Process:
        passed = {**(descriptors or {}), _VARIABLE: end}
        return _fork(command, env, options, passed) or _start(command, env, options, passed)

    return _on_parent_exit(start)


def _on_parent_exit(start: Callable[[int], Process]) -> Process:
    read_end, write_end = os.pipe()
    try:
        process = start(read_end)
    except BaseException:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    # Kept on the process object: the pipe closes when the parent drops or loses the child.
    process.supervision_pipe = open(write_end, "wb", buffering=0)  # type: ignore[union-attr] # noqa: SIM115, PTH123
    return process


def _start(
    command: Sequence[str], env: dict[str, str], options: Options, passed: Mapping[str, int]
) -> subprocess.Popen[bytes]:
    """Start the process afresh."""
    address = None if PORTABLE in env else fork_server.address
    known = {} if address is None else {_FORK_SERVER: address}
    return subprocess.Popen(
        list(command),
        env=env | known | {name: str(number) for name, number in passed.items()},
        start_new_session=True,
        cwd=options.get("cwd"),
        stdin=options.get("stdin", subprocess.DEVNULL),
        stdout=options.get("stdout"),
        stderr=options.get("stderr"),
        pass_fds=tuple(passed.values()),
    )


def _fork(
    command: Sequence[str], env: dict[str, str], options: Options, passed: Mapping[str, int]
) -> fork_client.Forked | None:
    """Fork the process, if there is a server for it."""
    program = command[2] if list(command[:2]) == [sys.executable, "-m"] else ""
    is_known = program in fork_client.PROGRAMS and PORTABLE not in env
    address = fork_server.find() if is_known else None
    if address is None:
        return None
    order = fork_client.Order(
        program=program,
        arguments=list(command[3:]),
        environment=env | {_FORK_SERVER: address},
        descriptors=list(passed),
        directory=str(options.get("cwd") or Path.cwd()),
    )
    try:
        return fork_client.fork(
            *(address, order, tuple(passed.values())),
            stdin=options.get("stdin", subprocess.DEVNULL),
            stdout=options.get("stdout", 1),
            stderr=options.get("stderr", 2),
        )
    except OSError:  # it was killed, or can't fork this one
        fork_server.lose(address)
        return None


@dataclass(slots=True)
class ForkServer:
    """The fork server of this process."""

    address: str | None = None
    is_wanted: bool = False
    """Whether this process starts one when first needed, and hasn't yet."""
    is_renewed: bool = False
    """Whether this process starts another if the server was killed."""
    process: Process | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self) -> str | None:
        """The server's address, when it is ready."""
        with self._lock:
            if self.is_wanted:
                self.is_wanted = False
                command = [sys.executable, "-m", "tfbatch_sandbox.processes.fork_server"]
                environment = _of_fork_server(os.environ)
                self.process = _on_parent_exit(
                    lambda end: _start(
                        command, environment, {"stdout": subprocess.PIPE}, {_VARIABLE: end}
                    )
                )
                with cast("IO[bytes]", self.process.stdout) as said:
                    self.address = said.readline().decode().strip() or None
            return self.address

    def lose(self, address: str) -> None:
        """Forget a server if it was killed. The next process is forked by another, if any."""
        with self._lock:
            if self.address == address and not fork_client.is_there(address):
                self.address, self.is_wanted = None, self.is_renewed
                if self.process is not None:
                    stop(self.process, grace_seconds=0)


def _of_fork_server(own: Mapping[str, str]) -> dict[str, str]:
    """Its variables: for one thread, and without the AWS settings of whoever started the sandbox.

    Its forks share what its SDK has read.
    """
    nothing = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    others = {name: value for name, value in own.items() if not name.startswith("AWS_")}
    return others | nothing | {"OMP_NUM_THREADS": "1"}


fork_server = ForkServer()


def fork_programs() -> None:
    """Make :func:`spawn` fork the sandbox's own programs, here and in children."""
    fork_server.is_renewed = system().forks_programs
    if fork_server.address is None:
        fork_server.is_wanted = fork_server.is_renewed


def hold() -> None:
    """Terminate this process's session when its parent exits.

    Does nothing in a process that :func:`spawn` did not start. Children that don't use
    :func:`spawn` (gunicorn's workers) are in the same session and end with it.
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
        process: the result of :func:`spawn`.
        grace_seconds: time to exit; then it gets SIGKILL.

    Returns:
        The exit status, as ``Popen.returncode`` gives it.
    """
    _signal_session(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_seconds)
    _signal_session(process, signal.SIGKILL)
    process.supervision_pipe.close()  # type: ignore[union-attr]
    return process.wait()


def _signal_session(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
