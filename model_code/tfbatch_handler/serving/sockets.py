"""Sends and receives buffers on a socket without joining them.

The socket module is looked up at each use, so gevent's sockets are used whenever it patches.
Nothing is open when a server forks.
"""

from __future__ import annotations

import math
import socket
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Buffer = bytes | bytearray | memoryview

_CHUNK = 1 << 16
_FLUSH_BYTES = 1 << 18
"""A photograph and its surrounding text go in one call. A batch stays in the processor's cache."""
_MOST_BUFFERS = 512
"""The kernel accepts 1,024 (IOV_MAX)."""


class Unreachable(OSError):  # noqa: N818  the state, as in ConnectionRefusedError's message
    """The connection could not be opened: the request was not sent."""


class Lost(OSError):  # noqa: N818  the state
    """The request was sent, and no answer came: closed, timed out, or against the protocol."""


class Wait(NamedTuple):
    """How long to wait for a reply."""

    deadline: float
    """By the monotonic clock."""
    patience: float = math.inf
    """Seconds without a byte, after which ``is_over`` is asked."""
    is_over: Callable[[], bool] = lambda: True

    @property
    def seconds(self) -> float:
        """The time-out of the next wait."""
        return max(0.01, min(self.patience, self.deadline - time.monotonic()))

    def receive(self, connection: socket.socket, received: bytearray) -> None:
        """Wait for data and append it.

        Raises:
            TimeoutError: none came in time.
            ConnectionResetError: the connection was closed.
        """
        while True:
            try:
                return receive(connection, received)
            except TimeoutError:
                if time.monotonic() >= self.deadline or self.is_over():
                    raise
                connection.settimeout(self.seconds)


def is_closed(connection: socket.socket, received: bytearray) -> bool:
    """Whether the server closed an idle connection. Data that it sent meanwhile is appended."""
    connection.settimeout(0)
    try:
        data = connection.recv(_CHUNK)
    except (BlockingIOError, TimeoutError):
        return False
    except OSError:
        return True
    received += data
    return not data


def connect(host: str, port: int, *, timeout: float) -> socket.socket:
    """Open a connection without Nagle's delay."""
    connection = socket.create_connection((host, port), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def send(connection: socket.socket, buffers: Iterable[Buffer]) -> None:
    """Send buffers in order, small ones together, large ones when they are ready."""
    waiting: list[Buffer] = []
    size = 0
    for buffer in buffers:
        waiting.append(buffer)
        size += len(buffer)
        if size >= _FLUSH_BYTES or len(waiting) == _MOST_BUFFERS:
            _send(connection, waiting)
            waiting, size = [], 0
    _send(connection, waiting)


def _send(connection: socket.socket, buffers: Sequence[Buffer]) -> None:
    while buffers:
        buffers = _rest(buffers, connection.sendmsg(buffers))


def _rest(buffers: Sequence[Buffer], sent: int) -> Sequence[Buffer]:
    """The rest of the buffers after ``sent`` bytes."""
    for index, buffer in enumerate(buffers):
        if sent < len(buffer):
            return [memoryview(buffer)[sent:], *buffers[index + 1 :]]
        sent -= len(buffer)
    return []


def receive(connection: socket.socket, received: bytearray) -> None:
    """Wait for data and append it.

    Raises:
        ConnectionResetError: the connection was closed.
    """
    data = connection.recv(_CHUNK)
    if not data:
        raise ConnectionResetError("the connection was closed in the middle of a reply")
    received += data
