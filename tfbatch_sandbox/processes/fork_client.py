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
from typing import IO, Final

from tfbatch_sandbox.processes.system import system

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
}
"""Programs that can be forked, and the modules that each imports."""

PATCHED: Final = "tfbatch_sandbox.container.gunicorn_app"
"""The program for which gevent changes Python's modules. Nothing else is forked from its
process."""

SERVICES: Final = ("s3", "logs", "cloudwatch")
"""AWS services whose clients a job creates. Reading the SDK's descriptions takes 0.25 s."""

NUMBER: Final = struct.Struct("!q")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A process to start."""

    program: str
    """A module of ``PROGRAMS``."""
    arguments: list[str]
    environment: dict[str, str]
    """All variables but the one of the supervision pipe."""
    supervision_pipe: str
    """The variable with the descriptor of the supervision pipe."""
    directory: str


@dataclass(slots=True, eq=False)
class Forked:
    """A process that a fork server started.

    It has the needed part of ``subprocess.Popen``'s interface.
    """

    pid: int
    _connection: socket.socket
    returncode: int | None = None
    stdin: None = None
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


def fork(
    address: str,
    order: Order,
    supervision_pipe: int,
    *,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
) -> Forked:
    """Ask the server at ``address`` to start a process.

    Args:
        address: path of its socket.
        order: what to start.
        supervision_pipe: a descriptor for the process.
        stdout: a descriptor, a file or ``subprocess.PIPE``.
        stderr: a descriptor, a file or ``subprocess.STDOUT``.

    Raises:
        OSError: there is no such server.
    """
    text = json.dumps(dataclasses.asdict(order)).encode()
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.connect(address)
        read = None
        if stdout == subprocess.PIPE:
            read_end, write_end = os.pipe()
            read = stack.enter_context(open(read_end, "rb"))  # noqa: PTH123
            stdout = stack.enter_context(open(write_end, "wb"))  # noqa: PTH123
        streams = [stdout, stdout if stderr == subprocess.STDOUT else stderr, supervision_pipe]
        spaces = [stack.enter_context(path.open("rb")) for path in system().namespaces]
        descriptors = [one if isinstance(one, int) else one.fileno() for one in (*streams, *spaces)]
        socket.send_fds(connection, [NUMBER.pack(len(text))], descriptors)
        connection.sendall(text)
        answer = receive(connection, NUMBER.size)
        if answer:
            kept = None if read is None else open(os.dup(read.fileno()), "rb")  # noqa: SIM115, PTH123
            return Forked(NUMBER.unpack(answer)[0], connection.dup(), stdout=kept)
    raise ConnectionResetError("the fork server has ended")


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
