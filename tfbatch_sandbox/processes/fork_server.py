"""Starts the sandbox's own programs by forking a process that has imported them already.

A job runs four programs, and their imports are most of a small job's processor time. This process
imports what a program needs when it is first asked for it, and forks for requests on its Unix
socket, whose path it prints. Two others, started when first needed, fork a program each: the one
for which gevent changes Python, and the runtime of functions. Requests for these are passed on.

Programs that load an artifact's or a function's code find the same modules as in a fresh start: see
:func:`tfbatch_sandbox.processes.fork_compatibility.is_alike`.

A request is a length, the JSON of :class:`Order`, and descriptors: the standard streams, those of
the order (with the supervision pipe), the namespaces. The answers are the process id and, after its
exit, its status. The connection stays open between them. If it is closed without an answer, the
caller starts the program afresh.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import gc
import importlib
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import setproctitle

from tfbatch_sandbox.processes import fork_compatibility
from tfbatch_sandbox.processes.fork_client import (
    APART,
    NUMBER,
    PATCHED,
    PROGRAMS,
    SERVICES,
    Order,
    receive,
)
from tfbatch_sandbox.processes.system import system

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTORS: Final = 16
_STREAMS: Final = 3
_BACKLOG: Final = 64
_CHUNK_BYTES: Final = 4096
_REQUEST_SECONDS: Final = 5.0
_HANDLED: Final = frozenset({signal.SIGCHLD, signal.SIGTERM})
# before gevent replaces them
_close_one, _exit, _fork, _waitpid = os.close, os._exit, os.fork, os.waitpid


@dataclass(frozen=True, slots=True)
class _Request:
    """What somebody asks for."""

    order: Order
    asker: int
    """The descriptor of the connection to answer on."""
    descriptors: Sequence[int]
    """Descriptors for the new process."""


class _Source(Protocol):
    """Where requests come from."""

    def fileno(self) -> int:
        """Readable if there is a request."""

    def take(self) -> _Request | None:
        """The next request; ``None`` if it is incomplete."""

    def close(self) -> None:
        """Close it in the children."""


@dataclass(frozen=True, slots=True)
class _Listener:
    """Accepts connections on a socket."""

    socket: socket.socket

    def fileno(self) -> int:
        return self.socket.fileno()

    def take(self) -> _Request | None:
        connection, _ = self.socket.accept()
        connection.settimeout(_REQUEST_SECONDS)
        descriptors, order = _read(connection)
        connection.settimeout(None)
        if order is None:
            connection.close()
            _close(descriptors)
            return None
        return _Request(order, connection.detach(), descriptors)

    def close(self) -> None:
        self.socket.close()


@dataclass(frozen=True, slots=True)
class _Passed:
    """Requests that the other fork server passes on.

    The end of the connection ends this process.
    """

    socket: socket.socket

    def fileno(self) -> int:
        return self.socket.fileno()

    def take(self) -> _Request | None:
        descriptors, order = _read(self.socket)
        if order is None:
            sys.exit()
        return _Request(order, descriptors[0], descriptors[1:])

    def close(self) -> None:
        self.socket.close()


def _read(connection: socket.socket) -> tuple[list[int], Order | None]:
    """Read a request; without an order if the caller ended or stalled halfway."""
    descriptors: list[int] = []
    with contextlib.suppress(OSError):
        header, descriptors, *_ = socket.recv_fds(connection, NUMBER.size, _DESCRIPTORS)
        if len(header) == NUMBER.size:
            text = receive(connection, NUMBER.unpack(header)[0])
            return descriptors, Order(**json.loads(text)) if text else None
    return descriptors, None


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        _close_one(descriptor)


@dataclass(slots=True)
class _Other:
    """The fork server of a program that can't share one, seen from this one."""

    _socket: socket.socket | None = None

    def pass_on(self, request: _Request) -> None:
        """Pass a request on, if the other server runs.

        Without an answer the caller starts afresh.
        """
        if self._socket is None:
            self._socket = self._start()
        text = json.dumps(dataclasses.asdict(request.order)).encode()
        descriptors = [request.asker, *request.descriptors]
        with contextlib.suppress(OSError):
            socket.send_fds(self._socket, [NUMBER.pack(len(text))], descriptors)
            self._socket.sendall(text)

    @staticmethod
    def _start() -> socket.socket:
        ours, its = socket.socketpair()
        with its:
            command = [
                sys.executable,
                "-m",
                "tfbatch_sandbox.processes.fork_server",
                str(its.fileno()),
            ]
            subprocess.Popen(command, pass_fds=(its.fileno(),), stdout=subprocess.DEVNULL)
        return ours

    def close(self) -> None:
        """Close it in the children."""
        if self._socket is not None:
            self._socket.close()


@dataclass(slots=True)
class _Server:
    """The loop of the parent. :meth:`run` returns only in children."""

    source: _Source
    supervision_pipe: int | None = None
    """The descriptor whose end of file ends this process."""
    others: dict[str, _Other] = field(default_factory=dict)
    """By their programs."""
    _children: dict[int, int] = field(default_factory=dict)
    """Process id -> descriptor of the caller."""

    def run(self) -> Order:
        """Fork for each request. Returns, in the child, what it must run."""
        woken, waker = socket.socketpair()
        waker.setblocking(False)  # noqa: FBT003 # like the socket API
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with selectors.DefaultSelector() as selector:
            selector.register(self.source, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            if self.supervision_pipe is not None:
                selector.register(self.supervision_pipe, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self.supervision_pipe in ready:
                    sys.exit()
                if woken in ready:
                    woken.recv(_CHUNK_BYTES)
                    self._reap()
                if self.source in ready and (order := self._serve()) is not None:
                    break
        for end in (woken, waker, self.source):
            end.close()
        for other in self.others.values():
            other.close()
        _close(
            [
                *self._children.values(),
                *([] if self.supervision_pipe is None else [self.supervision_pipe]),
            ]
        )
        return order

    def _serve(self) -> Order | None:
        request = self.source.take()
        if request is None:
            return None
        if request.order.program in self.others:
            self.others[request.order.program].pass_on(request)
        else:
            order = request.order
            _import(order.program)
            if fork_compatibility.is_alike(order.environment, directory=order.directory):
                return self._start(request)
        _close([request.asker, *request.descriptors])
        return None

    def _start(self, request: _Request) -> Order | None:
        become, has_become = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)  # a child must not handle them
        pid = _fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for number in _HANDLED:
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        if pid == 0:
            _become(request.order, request.descriptors)
            # It tells its id itself, and keeps the connection open as long as it runs: the caller
            # sees its end even if this server ends before it.
            with contextlib.suppress(OSError):
                os.write(request.asker, NUMBER.pack(os.getpid()))
                os.write(has_become, b".")
            _close([become, has_become])
            return request.order
        _close([*request.descriptors, has_become])
        # It has a session, by which it can be stopped.
        has_told = os.read(become, 1)
        _close([become])
        self._children[pid] = request.asker
        if not has_told:
            self._tell(pid, pid)
        return None

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = _waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid in self._children:  # not another server
                    self._tell(pid, os.waitstatus_to_exitcode(status))
                    _close([self._children.pop(pid)])

    def _tell(self, pid: int, number: int) -> None:
        with contextlib.suppress(OSError):  # the caller has gone
            os.write(self._children[pid], NUMBER.pack(number))


def _import(program: str) -> None:
    """Import what a program will import."""
    missing = [module for module in PROGRAMS[program] if module not in sys.modules]
    for module in missing:
        importlib.import_module(module)
    if missing:
        for service in SERVICES.get(program, ()):
            _read_description(service)
        gc.collect()
        gc.freeze()


def _read_description(service: str) -> None:
    """Make the SDK's own session read a service's description. It gets no credentials."""
    import boto3  # noqa: PLC0415 # not every server needs it

    create: Any = boto3.client  # for mypy each service's is another function
    create(service, "us-east-1", aws_access_key_id="-", aws_secret_access_key="-")  # noqa: S106


def _become(order: Order, descriptors: Sequence[int]) -> None:
    """Make this fork the ordered process, up to its first instruction."""
    streams, rest = descriptors[:_STREAMS], descriptors[_STREAMS:]
    passed = dict(zip(order.descriptors, map(str, rest), strict=False))
    namespaces = rest[len(passed) :]
    os.setsid()
    system().join(namespaces)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    _close([*streams, *namespaces])
    os.chdir(order.directory)
    fork_compatibility.set_switches(order.environment)
    sys.path[:] = fork_compatibility.search_path(order.environment, directory=order.directory)
    os.environ.clear()
    os.environ.update(order.environment | passed)
    tempfile.tempdir = None  # gettempdir() reads the new TMPDIR
    sys.argv = [order.program, *order.arguments]
    setproctitle.setproctitle(" ".join((sys.executable, "-m", *sys.argv)))
    if order.program == PATCHED:
        import gevent  # noqa: PLC0415

        gevent.reinit()


def main(supervision_pipe: int) -> None:
    """Serve, and in the children run what was ordered.

    Args:
        supervision_pipe: a descriptor whose end of file ends this process, but not its children.
    """
    # Not in the sandbox's folder: the path of a Unix socket is limited to about a hundred
    # characters.
    folder = Path(tempfile.mkdtemp(prefix="tfbatch-"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "fork"))
        listener.listen(_BACKLOG)
        print(folder / "fork", flush=True)  # noqa: T201 # this module's output
        try:
            others = {program: _Other() for program in APART}
            order = _Server(_Listener(listener), supervision_pipe, others).run()
        except SystemExit:
            shutil.rmtree(folder)
            raise
    _run(order)


def _run(order: Order) -> NoReturn:
    """Run a program as the main module, and exit.

    At its exit Python would free every object, and so copy each page that this process shares with
    its parent. Like the children of :mod:`multiprocessing`, it exits without that.
    """
    sys.modules.pop(order.program, None)
    try:
        runpy.run_module(order.program, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = _status(end.code)
    except BaseException:  # noqa: BLE001 # Python itself would do the same
        sys.excepthook(*sys.exc_info())
        status = 1
    threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 # waits for threads
    atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it; it is closed
            stream.flush()
    _exit(status)


def _status(code: object) -> int:
    """The status of ``sys.exit(code)``."""
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1


if __name__ == "__main__":
    setproctitle.getproctitle()  # reads its place before a child has another environment
    if sys.argv[1:]:
        _run(_Server(_Passed(socket.socket(fileno=int(sys.argv[1])))).run())
    else:
        main(int(os.environ.pop("TFBATCH_SUPERVISION_FD")))
