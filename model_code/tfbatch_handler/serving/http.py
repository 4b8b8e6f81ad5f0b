"""A small HTTP/1.1 client with persistent connections to TensorFlow Serving.

``requests`` opens a connection for each call and, with ``http.client``, spends most of the CPU time
on parsing headers that nobody reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tfbatch_handler.serving.sockets import Lost, Unreachable, connect, is_closed, receive, send

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from tfbatch_handler.serving.json_text import Piece
    from tfbatch_handler.serving.sockets import Wait

_HEAD_LIMIT = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A server's answer."""

    status: int
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """One host and port with its idle connections."""

    host: str
    port: int
    idle: list[socket.socket] = field(default_factory=list)

    def request(self, method: str, path: str, body: Sequence[Piece] = (), *, wait: Wait) -> Reply:
        """Send a request and read its reply, on an idle connection if there is one.

        Args:
            method: ``GET`` or ``POST``.
            path: with its leading slash.
            body: JSON, in pieces.
            wait: how long to wait for the reply.

        Raises:
            Unreachable: it was not sent.
            Lost: no reply came. It is not sent again: it may be what the server crashed of.
        """
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {sum(map(len, body))}\r\n\r\n"
        ).encode()
        connection = self._open(wait)
        try:
            return self._exchange(connection, [head, *body], wait)
        except OSError as error:
            raise Lost(self._silence(error)) from None

    def close(self) -> None:
        """Close the idle connections."""
        while self.idle:
            self.idle.pop().close()

    def _open(self, wait: Wait) -> socket.socket:
        """An idle connection that the server hasn't closed, or a new one."""
        while self.idle:
            connection = self.idle.pop()
            if not is_closed(connection, unasked := bytearray()) and not unasked:
                connection.settimeout(wait.seconds)
                return connection
            connection.close()
        try:
            return connect(self.host, self.port, timeout=wait.seconds)
        except OSError as error:
            raise Unreachable(self._silence(error)) from None

    def _silence(self, error: OSError) -> str:
        return f"{self.host}:{self.port} did not answer: {error or type(error).__name__}"

    def _exchange(self, connection: socket.socket, message: Sequence[Piece], wait: Wait) -> Reply:
        keep = False
        try:
            send(connection, map(bytes, message))
            reply, keep = _read_reply(connection, wait)
        finally:
            if keep:
                self.idle.append(connection)
            else:
                connection.close()
        return reply


def _read_reply(connection: socket.socket, wait: Wait) -> tuple[Reply, bool]:
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        if len(received) > _HEAD_LIMIT:
            raise ConnectionError("the reply's head does not end")
        wait.receive(connection, received)
    head = bytes(received[:end]).lower()
    del received[: end + 4]
    status = _status(head)
    if b"\r\ntransfer-encoding: chunked" in head:
        body = _read_chunked(connection, received)
    else:
        body = _read_sized(connection, received, int(_header(head, b"content-length", b"0")))
    keep = b"\r\nconnection: close" not in head and head.startswith(b"http/1.1")
    return Reply(status=status, body=body), keep


def _status(head: bytes) -> int:
    try:
        return int(head[9:12])
    except ValueError:
        raise ConnectionError(f"the reply is not HTTP: {head[:40]!r}") from None


def _header(head: bytes, name: bytes, default: bytes) -> bytes:
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip() if found else default


def _read_sized(connection: socket.socket, received: bytearray, size: int) -> bytes:
    while len(received) < size:
        receive(connection, received)
    return bytes(received)


def _read_chunked(connection: socket.socket, received: bytearray) -> bytes:
    body = bytearray()
    while True:
        while (end := received.find(b"\r\n")) < 0:
            receive(connection, received)
        size = int(bytes(received[:end]).partition(b";")[0], 16)
        while len(received) < end + 4 + size:
            receive(connection, received)
        body += received[end + 2 : end + 2 + size]
        del received[: end + 4 + size]
        if not size:
            return bytes(body)
