"""Starts the sandbox's own programs by forking a process that has imported them already.

A job runs four of them, and most of the processor's time that a small job takes is their imports.
This process imports what a program needs when it is first asked for it, and forks for whoever
connects to its Unix socket, whose path it prints. A second process, started when it is first
needed, forks the one program for which gevent changes Python itself; requests for it are passed on.

What loads an artifact's code finds the modules that it would find in a process started afresh: see
:func:`tfbatch_sandbox.processes.fork_compatibility.is_alike`. Functions start afresh.

A request is a length, the JSON of :class:`Order`, and descriptors: standard output, standard error,
the lifeline, the namespaces. The answers are the new process's id and, when it has ended, its
status; the connection stays open between them. A connection that is closed before has asked for
what has to start afresh.
"""

from __future__ import annotations

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import setproctitle

from tfbatch_sandbox.container import isolation
from tfbatch_sandbox.processes import fork_compatibility
from tfbatch_sandbox.processes.fork_client import (
    NUMBER,
    PATCHED,
    PROGRAMS,
    SERVICES,
    Order,
    receive,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTORS: Final = 6
_BACKLOG: Final = 64
_CHUNK_BYTES: Final = 4096
_REQUEST_SECONDS: Final = 5.0
_HANDLED: Final = frozenset({signal.SIGCHLD, signal.SIGTERM})
_close_one, _fork, _waitpid = os.close, os.fork, os.waitpid  # before gevent replaces them


@dataclass(frozen=True, slots=True)
class _Request:
    """What somebody asks for."""

    order: Order
    asker: int
    """The descriptor of the connection to answer on."""
    descriptors: Sequence[int]
    """For the new process."""


class _Source(Protocol):
    """Where requests come from."""

    def fileno(self) -> int:
        """Readable when there is one."""

    def take(self) -> _Request | None:
        """The next one; ``None`` for one that is not whole."""

    def close(self) -> None:
        """In the children."""


@dataclass(frozen=True, slots=True)
class _Listener:
    """Whoever connects to a socket."""

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
    """What the other fork server passes on; its end is this process's end."""

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
    """What came with a request; no order where whoever asked ended, or hangs, in the midst."""
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
class _Second:
    """The fork server of the program that can't share one, from this one's side."""

    _socket: socket.socket | None = None

    def pass_on(self, request: _Request) -> None:
        """Have it answer a request, if it lives; without an answer, whoever asked does without."""
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
        """In the children."""
        if self._socket is not None:
            self._socket.close()


@dataclass(slots=True)
class _Server:
    """The loop of the parent; :meth:`run` returns in the children alone."""

    source: _Source
    lifeline: int | None = None
    """The descriptor whose end of file is this process's end."""
    second: _Second | None = None
    _children: dict[int, int] = field(default_factory=dict)
    """Process id to the descriptor of who asked."""

    def run(self) -> Order:
        """Fork for whoever asks; return, in the child, what it is to be."""
        woken, waker = socket.socketpair()
        waker.setblocking(False)  # noqa: FBT003 # as sockets have it
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with selectors.DefaultSelector() as selector:
            selector.register(self.source, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            if self.lifeline is not None:
                selector.register(self.lifeline, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self.lifeline in ready:
                    sys.exit()
                if woken in ready:
                    woken.recv(_CHUNK_BYTES)
                    self._reap()
                if self.source in ready and (order := self._serve()) is not None:
                    break
        for end in (woken, waker, self.source, self.second):
            if end is not None:
                end.close()
        _close([*self._children.values(), *([] if self.lifeline is None else [self.lifeline])])
        return order

    def _serve(self) -> Order | None:
        request = self.source.take()
        if request is None:
            return None
        if self.second is not None and request.order.program == PATCHED:
            self.second.pass_on(request)
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
            _close([request.asker, become, has_become])
            return request.order
        _close([*request.descriptors, has_become])
        os.read(become, 1)  # the end of file: it has its session, by which it can be stopped
        _close([become])
        self._children[pid] = request.asker
        self._tell(pid, pid)
        return None

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = _waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid in self._children:  # not the second server
                    self._tell(pid, os.waitstatus_to_exitcode(status))
                    _close([self._children.pop(pid)])

    def _tell(self, pid: int, number: int) -> None:
        with contextlib.suppress(OSError):  # whoever asked is gone
            os.write(self._children[pid], NUMBER.pack(number))


def _import(program: str) -> None:
    """Import what a program will, unless it is here already."""
    missing = [module for module in PROGRAMS[program] if module not in sys.modules]
    for module in missing:
        importlib.import_module(module)
    if missing:
        gc.collect()
        gc.freeze()


def _become(order: Order, descriptors: Sequence[int]) -> None:
    """Make this process, just forked, the one that was ordered, up to its first instruction."""
    stdout, stderr, lifeline, *namespaces = descriptors
    os.setsid()
    isolation.join(namespaces)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    _close([stdout, stderr, *namespaces])
    os.chdir(order.directory)
    fork_compatibility.set_switches(order.environment)
    sys.path[:] = fork_compatibility.search_path(order.environment, directory=order.directory)
    os.environ.clear()
    os.environ.update(order.environment | {order.lifeline: str(lifeline)})
    sys.argv = [order.program, *order.arguments]
    setproctitle.setproctitle(" ".join((sys.executable, "-m", *sys.argv)))
    if order.program == PATCHED:
        import gevent  # noqa: PLC0415

        gevent.reinit()


def main(lifeline: int) -> None:
    """Serve, and in the children run what was ordered.

    Args:
        lifeline: a descriptor; its end of file ends this process, not its children.
    """
    import boto3  # noqa: PLC0415 # nothing that the second server may have

    for service in SERVICES:  # the SDK's own session keeps what it has read, and no credentials
        boto3.client(service, "us-east-1", aws_access_key_id="-", aws_secret_access_key="-")  # noqa: S106
    # Not in the sandbox's own folder: a Unix socket's path may have a hundred characters only.
    folder = Path(tempfile.mkdtemp(prefix="tfbatch-"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "fork"))
        listener.listen(_BACKLOG)
        print(folder / "fork", flush=True)  # noqa: T201 # the promise of this module
        try:
            order = _Server(_Listener(listener), lifeline, _Second()).run()
        except SystemExit:
            shutil.rmtree(folder)
            raise
    _run(order)


def _run(order: Order) -> None:
    sys.modules.pop(order.program, None)  # it is run as the main one
    runpy.run_module(order.program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    setproctitle.getproctitle()  # finds its place before a child has another environment
    if sys.argv[1:]:
        _run(_Server(_Passed(socket.socket(fileno=int(sys.argv[1])))).run())
    else:
        main(int(os.environ.pop("TFBATCH_LIFELINE_FD")))
