"""Sending and receiving on a connection: many buffers at once, none of them joined.

Sockets are looked up in their module when used, never at import: under gevent they are the
cooperative ones, whenever the monkey patching took place, and nothing is open when a server forks.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Buffer = bytes | bytearray | memoryview

_CHUNK = 1 << 18
_MOST_BUFFERS = 512
"""The kernel takes 1,024 (IOV_MAX)."""


class Unreachable(OSError):  # noqa: N818  the state, as in ConnectionRefusedError's message
    """The server did not answer: refused, closed, timed out, or sent what is not its protocol."""


def connect(host: str, port: int, *, timeout: float) -> socket.socket:
    """Open a connection that sends at once what it is given."""
    connection = socket.create_connection((host, port), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def send(connection: socket.socket, buffers: Sequence[Buffer]) -> None:
    """Send all of the buffers, in order."""
    for start in range(0, len(buffers), _MOST_BUFFERS):
        part = buffers[start : start + _MOST_BUFFERS]
        while part := _rest(part, connection.sendmsg(part)):
            pass


def _rest(buffers: Sequence[Buffer], sent: int) -> Sequence[Buffer]:
    """What is left of the buffers after ``sent`` bytes."""
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
