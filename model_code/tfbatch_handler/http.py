"""A small HTTP/1.1 client that keeps its connections, for the one server beside us.

``requests`` opens a connection per call and, with ``http.client``, spends most of a request's CPU
time on parsing headers nobody reads. Sockets are looked up in their modules when used, never at
import: under gevent they are the cooperative ones, whenever the monkey patching took place, and
nothing is open when a server forks.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

_HEAD_LIMIT = 65_536
_CHUNK = 1 << 18


class Unreachable(OSError):  # noqa: N818  the state, as in ConnectionRefusedError's message
    """The server did not answer: refused, closed, timed out, or sent what is not HTTP."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A server's answer."""

    status: int
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """One host and port, and the idle connections to it."""

    host: str
    port: int
    idle: list[socket.socket] = field(default_factory=list)

    def request(
        self, method: str, path: str, body: bytes | bytearray = b"", *, timeout: float
    ) -> Reply:
        """Send a request and read its reply, on a kept connection when there is one.

        Args:
            method: ``GET`` or ``POST``.
            path: with its leading slash.
            body: JSON.
            timeout: seconds that any one wait on the socket may take.

        Raises:
            Unreachable: no reply came. A kept connection the server has closed meanwhile is no
                failure: the request is sent again on a new one.
        """
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        message = head + body
        while self.idle:
            connection = self.idle.pop()
            connection.settimeout(timeout)
            try:
                return self._exchange(connection, message)
            except TimeoutError as error:
                raise self._unreachable(error) from None
            except OSError:
                continue  # closed while it was idle
        try:
            return self._exchange(self._connect(timeout), message)
        except OSError as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: OSError) -> Unreachable:
        return Unreachable(
            f"{self.host}:{self.port} did not answer: {error or type(error).__name__}"
        )

    def _connect(self, timeout: float) -> socket.socket:
        connection = socket.create_connection((self.host, self.port), timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _exchange(self, connection: socket.socket, message: bytes) -> Reply:
        keep = False
        try:
            connection.sendall(message)
            reply, keep = _read_reply(connection)
        finally:
            if keep:
                self.idle.append(connection)
            else:
                connection.close()
        return reply


def _read_reply(connection: socket.socket) -> tuple[Reply, bool]:
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        if len(received) > _HEAD_LIMIT:
            raise ConnectionError("the reply's head does not end")
        _receive(connection, received)
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
        _receive(connection, received)
    return bytes(received)


def _read_chunked(connection: socket.socket, received: bytearray) -> bytes:
    body = bytearray()
    while True:
        while (end := received.find(b"\r\n")) < 0:
            _receive(connection, received)
        size = int(bytes(received[:end]).partition(b";")[0], 16)
        while len(received) < end + 4 + size:
            _receive(connection, received)
        body += received[end + 2 : end + 2 + size]
        del received[: end + 4 + size]
        if not size:
            return bytes(body)


def _receive(connection: socket.socket, received: bytearray) -> None:
    data = connection.recv(_CHUNK)
    if not data:
        raise ConnectionResetError("the connection was closed in the middle of a reply")
    received += data
