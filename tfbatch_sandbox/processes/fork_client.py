"""Asks the fork server to start a program of the sandbox."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

from tfbatch_sandbox.processes.system import system

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAMS: Final = {
    "tfbatch_sandbox.transform": ("tfbatch_sandbox.transform.run",),
    "tfbatch_sandbox.container": ("click", "tfbatch_sandbox.container.supervisor"),
    "tfbatch_sandbox.model_server": (
        "aiohttp.web",
        *("tfbatch_sandbox.model_server.grpc_api", "tfbatch_sandbox.model_server.predictor"),
        *("tfbatch_sandbox.model_server.rest", "tfbatch_sandbox.model_server.warmup"),
        "tfbatch_sandbox.model_server.tensorflow.servable",
    ),
    "tfbatch_sandbox.server.server": (
        *(
            "moto.moto_server.werkzeug_app",
            "tfbatch_sandbox.server.object_requests",
            "tfbatch_sandbox.server.http",
        ),
        "tfbatch_sandbox.services.preload",
    ),
    "tfbatch_sandbox.container.gunicorn_app": (
        *("tfbatch_sandbox.container.gunicorn_app", "gunicorn.arbiter", "gunicorn.workers.ggevent"),
    ),
    "tfbatch_sandbox.services.lambda_.runtime.python": (
        *("boto3", "tfbatch_sandbox.processes.supervision"),
    ),
}
"""Programs that can be forked, and the modules that each imports."""

PATCHED: Final = "tfbatch_sandbox.container.gunicorn_app"
"""The program for which gevent changes Python's modules."""

FUNCTION: Final = "tfbatch_sandbox.services.lambda_.runtime.python"
"""The runtime of Python functions, whose code finds the SDK imported and nothing of the sandbox."""

APART: Final = frozenset({PATCHED, FUNCTION})
"""Programs with a fork server of their own, from which nothing else is forked."""

SERVICES: Final = {"tfbatch_sandbox.transform": ("s3", "logs", "cloudwatch"), FUNCTION: ("s3",)}
"""AWS services whose clients a program creates. Reading the SDK's descriptions takes 0.25 s."""

NUMBER: Final = struct.Struct("!q")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A process to start."""

    program: str
    """A module of ``PROGRAMS``."""
    arguments: list[str]
    environment: dict[str, str]
    """All variables but those of its descriptors."""
    descriptors: list[str]
    """The variables that get the numbers of its descriptors besides the standard streams."""
    directory: str


@dataclass(slots=True, eq=False)
class Forked:
    """A process that a fork server started.

    It has the needed part of ``subprocess.Popen``'s interface.
    """

    pid: int
    _connection: socket.socket
    returncode: int | None = None
    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    supervision_pipe: IO[bytes] | None = None
    """The caller's end of the supervision pipe."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def poll(self) -> int | None:
        """The status, as from ``Popen``, or ``None`` while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit and return the status.

        Raises:
            subprocess.TimeoutExpired: it still runs after ``timeout`` seconds.
        """
        status = self._look(timeout)
        if status is None:
            raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0)
        return status

    def _look(self, timeout: float | None) -> int | None:
        with self._lock:
            if self.returncode is None and _readable(self._connection, timeout):
                with self._connection:
                    told = receive(self._connection, NUMBER.size)
                # Nothing arrives if the server was killed before this process ended. The process
                # keeps the connection open while it runs.
                self.returncode = NUMBER.unpack(told)[0] if told else -signal.SIGKILL
            return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal if it still runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def fork(  # noqa: PLR0913 # keyword-only
    address: str,
    order: Order,
    descriptors: Sequence[int],
    *,
    stdin: int | IO[bytes],
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
) -> Forked:
    """Ask the server at ``address`` to start a process.

    Args:
        address: path of its socket.
        order: what to start.
        descriptors: those of the order's variables.
        stdin: ``subprocess.DEVNULL`` or ``subprocess.PIPE``.
        stdout: a descriptor, a file or ``subprocess.PIPE``.
        stderr: a descriptor, a file or ``subprocess.STDOUT``.

    Raises:
        OSError: there is no such server.
    """
    text = json.dumps(dataclasses.asdict(order)).encode()
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.connect(address)
        read = written = None
        if stdin == subprocess.PIPE:
            stdin, written = _pipe(stack)
        elif stdin == subprocess.DEVNULL:
            stdin = stack.enter_context(open(os.devnull, "rb"))  # noqa: PTH123
        if stdout == subprocess.PIPE:
            read, stdout = _pipe(stack)
        streams = [stdin, stdout, stdout if stderr == subprocess.STDOUT else stderr]
        spaces = [stack.enter_context(path.open("rb")) for path in system().namespaces]
        sent = [*streams, *descriptors, *spaces]
        numbers = [one if isinstance(one, int) else one.fileno() for one in sent]
        socket.send_fds(connection, [NUMBER.pack(len(text))], numbers)
        connection.sendall(text)
        answer = receive(connection, NUMBER.size)
        if answer:
            pid = NUMBER.unpack(answer)[0]
            return Forked(pid, connection.dup(), stdin=_kept(written), stdout=_kept(read))
    raise ConnectionResetError("the fork server has ended")


def _pipe(stack: contextlib.ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """The ends of a pipe: to read, to write."""
    read, write = os.pipe()
    ends = open(read, "rb"), open(write, "wb")  # noqa: SIM115, PTH123 # the stack closes them
    return stack.enter_context(ends[0]), stack.enter_context(ends[1])


def _kept(end: IO[bytes] | None) -> IO[bytes] | None:
    """A copy of a pipe's end that stays open."""
    return None if end is None else open(os.dup(end.fileno()), end.mode)  # noqa: PTH123


def is_there(address: str) -> bool:
    """Whether a server listens at ``address``."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(address) == 0


def _readable(connection: socket.socket, timeout: float | None) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))


def receive(connection: socket.socket, size: int) -> bytes:
    """Receive exactly that many bytes, or none if the other side closed."""
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)
