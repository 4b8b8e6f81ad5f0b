"""``python -m sandbox.fork_server``: starts programs of the sandbox's in no time, by forking.

A job runs three of them, and most of the processor's time that a small job takes is their imports.
This process imports what a program needs when it is first asked for it, and forks for whoever
connects to its Unix socket, whose path it prints. Only programs that run no code but the sandbox's
own are forked; those that load an artifact or a function start afresh, with nothing imported that
they have not asked for.

A request is a length, the JSON of :class:`Order`, and descriptors: standard output, standard error,
the lifeline, the namespaces. The answers are the new process's id and, when it has ended, its
status; the connection stays open between them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import boto3
import setproctitle

from sandbox.container import isolation
from sandbox.forking import NUMBER, PROGRAMS, SERVICES, Order, receive

_DESCRIPTORS: Final = 5
_BACKLOG: Final = 64
_CHUNK_BYTES: Final = 4096
_REQUEST_SECONDS: Final = 5.0
_HANDLED: Final = frozenset({signal.SIGCHLD, signal.SIGTERM})


@dataclass(slots=True)
class _Server:
    """The loop of the parent; :meth:`run` returns in the children alone."""

    listener: socket.socket
    lifeline: int
    """The descriptor whose end of file is this process's end."""
    _children: dict[int, socket.socket] = field(default_factory=dict)

    def run(self) -> Order:
        """Fork for whoever asks; return, in the child, what it is to be."""
        woken, waker = socket.socketpair()
        waker.setblocking(False)  # noqa: FBT003 # as sockets have it
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with selectors.DefaultSelector() as selector:
            selector.register(self.listener, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            selector.register(self.lifeline, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self.lifeline in ready:
                    sys.exit()
                if woken in ready:
                    woken.recv(_CHUNK_BYTES)
                    self._reap()
                if self.listener in ready and (order := self._serve()) is not None:
                    break
        for end in (woken, waker, self.listener, *self._children.values()):
            end.close()
        os.close(self.lifeline)
        return order

    def _serve(self) -> Order | None:
        connection, _ = self.listener.accept()
        descriptors, order = _request(connection)
        if order is None:
            connection.close()
            for descriptor in descriptors:
                os.close(descriptor)
            return None
        _import(order.program)
        become, has_become = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)  # a child must not handle them
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for number in _HANDLED:
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        if pid == 0:
            connection.close()
            _become(order, descriptors)
            os.close(become)
            os.close(has_become)
            return order
        for descriptor in (*descriptors, has_become):
            os.close(descriptor)
        os.read(become, 1)  # the end of file: it has its session, by which it can be stopped
        os.close(become)
        self._children[pid] = connection
        self._tell(pid, pid)
        return None

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._tell(pid, os.waitstatus_to_exitcode(status))
                self._children.pop(pid).close()

    def _tell(self, pid: int, number: int) -> None:
        with contextlib.suppress(OSError):  # whoever asked is gone
            self._children[pid].sendall(NUMBER.pack(number))


def _request(connection: socket.socket) -> tuple[list[int], Order | None]:
    """What came with a request; no order where whoever asked ended, or hangs, in the midst."""
    descriptors: list[int] = []
    connection.settimeout(_REQUEST_SECONDS)
    with contextlib.suppress(OSError):
        header, descriptors, *_ = socket.recv_fds(connection, NUMBER.size, _DESCRIPTORS)
        if len(header) == NUMBER.size:
            text = receive(connection, NUMBER.unpack(header)[0])
            return descriptors, Order(**json.loads(text)) if text else None
    return descriptors, None


def _import(program: str) -> None:
    """Import what a program will, unless it is here already."""
    missing = [module for module in PROGRAMS[program] if module not in sys.modules]
    for module in missing:
        importlib.import_module(module)
    if missing:
        gc.collect()
        gc.freeze()


def _become(order: Order, descriptors: list[int]) -> None:
    """Make this process, just forked, the one that was ordered, up to its first instruction."""
    stdout, stderr, lifeline, *namespaces = descriptors
    os.setsid()
    isolation.join(namespaces)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for descriptor in (stdout, stderr, *namespaces):
        os.close(descriptor)
    os.chdir(order.directory)
    os.environ.clear()
    os.environ.update(order.environment | {order.lifeline: str(lifeline)})
    sys.argv = [order.program, *order.arguments]
    setproctitle.setproctitle(" ".join((sys.executable, "-m", *sys.argv)))


def main(lifeline: int) -> None:
    """Serve, and in the children run what was ordered.

    Args:
        lifeline: a descriptor; its end of file ends this process, not its children.
    """
    setproctitle.getproctitle()  # finds its place before a child has another environment
    for service in SERVICES:  # the SDK's own session keeps what it has read, and no credentials
        boto3.client(service, "us-east-1", aws_access_key_id="-", aws_secret_access_key="-")  # noqa: S106
    # Not in the sandbox's own folder: a Unix socket's path may have a hundred characters only.
    folder = Path(tempfile.mkdtemp(prefix="tfbatch-"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "fork"))
        listener.listen(_BACKLOG)
        print(folder / "fork", flush=True)  # noqa: T201 # the promise of this module
        try:
            order = _Server(listener, lifeline).run()
        except SystemExit:
            shutil.rmtree(folder)
            raise
    runpy.run_module(order.program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(os.environ.pop("TFBATCH_LIFELINE_FD")))
