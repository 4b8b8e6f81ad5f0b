"""A small HTTP/2 client for unary gRPC calls on a persistent connection.

The gRPC library blocks gevent's loop and starts threads that don't survive a fork. Calls take turns
on a connection, as in HTTP/1.1. Response headers aren't read: the client asks for an empty header
table, and a reply without a message is a failure, which REST explains better. RFC 9113 defines the
frames, gRPC's "over HTTP2" the five bytes before a message.
"""

from __future__ import annotations

import math
import struct
from collections import deque
from typing import TYPE_CHECKING, Final

from tfbatch_handler.serving.sockets import Wait, is_closed, receive, send

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Sequence

    from tfbatch_handler.serving.sockets import Buffer

_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW, _CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
_END_STREAM, _END_HEADERS, _ACK, _PADDED = 0x1, 0x4, 0x1, 0x8
_TABLE_SIZE, _PUSH, _INITIAL_WINDOW, _FRAME_SIZE = 1, 2, 4, 5
_LARGEST_WINDOW, _DEFAULT_WINDOW, _DEFAULT_FRAME = (1 << 31) - 1, 65_535, 16_384
_REFILL: Final = 1 << 28

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_OUR_SETTINGS: Final = struct.pack(
    "!HIHIHIHI",
    *(_TABLE_SIZE, 0, _PUSH, 0),
    *(_INITIAL_WINDOW, _LARGEST_WINDOW, _FRAME_SIZE, (1 << 24) - 1),
)


class NoMessage(OSError):  # noqa: N818  the state
    """The call failed: there is no message in its reply."""


class Connection:
    """An HTTP/2 connection for one call at a time."""

    def __init__(self, connection: socket.socket, *, authority: str) -> None:
        """Send the connection preface, and wait for the server's.

        Raises:
            OSError: the port doesn't speak HTTP/2. Nothing was asked of it.
        """
        self.socket = connection
        self.usable = True
        """False if the server will accept no further call."""
        self._authority = authority.encode()
        self._received = bytearray()
        self._stream = -1
        self._window = _DEFAULT_WINDOW
        self._stream_window = 0
        self._initial_window = _DEFAULT_WINDOW
        self._frame_size = _DEFAULT_FRAME
        self._reply = bytearray()
        self._open = False
        self._consumed = 0
        self._wait = Wait(deadline=math.inf)
        refill = struct.pack("!I", _LARGEST_WINDOW - _DEFAULT_WINDOW)
        hello = [_PREFACE, *_frame(_SETTINGS, 0, 0, _OUR_SETTINGS), *_frame(_WINDOW, 0, 0, refill)]
        send(self.socket, hello)
        while len(self._received) < 9:  # noqa: PLR2004  a frame's head
            receive(self.socket, self._received)
        if self._received[3] != _SETTINGS:
            raise ConnectionError("the port doesn't speak HTTP/2")

    @property
    def is_closed(self) -> bool:
        """Whether the server closed it while it was idle."""
        return is_closed(self.socket, self._received)

    def call(self, path: str, message: Sequence[Buffer], *, wait: Wait) -> bytes:
        """Make a unary call.

        Args:
            path: ``/package.Service/Method``.
            message: the serialized request, in pieces.
            wait: how long to wait for the reply.

        Returns:
            The serialized reply.

        Raises:
            NoMessage: the call failed.
            OSError: the connection failed.
        """
        self._wait = wait
        self.socket.settimeout(wait.seconds)
        self._stream += 2
        self._stream_window = self._initial_window
        self._reply.clear()
        self._open = True
        size = sum(map(len, message))
        waiting: deque[Buffer] = deque((b"\0" + struct.pack("!I", size), *message))
        head = _frame(_HEADERS, _END_HEADERS, self._stream, _request(path, self._authority))
        self._send_body(list(head), waiting, size + 5)
        while self._open:
            self._read_frame()
        return self._message()

    def _send_body(self, ready: list[Buffer], waiting: deque[Buffer], size: int) -> None:
        """Send data frames as the server's windows allow, and read its frames while they don't."""
        while size and self._open:
            allowed = min(size, self._window, self._stream_window, self._frame_size)
            if allowed <= 0:
                send(self.socket, ready)
                ready = []
                self._read_frame()
                continue
            size -= allowed
            self._window -= allowed
            self._stream_window -= allowed
            ready.append(_head(allowed, _DATA, 0 if size else _END_STREAM, self._stream))
            ready += _take(waiting, allowed)
        send(self.socket, ready)

    def _read_frame(self) -> None:
        received = self._received
        while len(received) < 9:  # noqa: PLR2004  a frame's head
            self._wait.receive(self.socket, received)
        size = int.from_bytes(received[:3], "big")
        while len(received) < 9 + size:
            receive(self.socket, received)
        kind, flags = received[3], received[4]
        stream = int.from_bytes(received[5:9], "big") & _LARGEST_WINDOW
        payload = bytes(received[9 : 9 + size])
        del received[: 9 + size]
        if stream in {0, self._stream}:
            self._act(kind, flags, stream, payload)

    def _act(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _DATA:
            self._consumed += len(payload)
            self._reply += payload[1 : -payload[0] or None] if flags & _PADDED else payload
        elif kind == _SETTINGS and not flags & _ACK:
            self._settle(payload)
        elif kind == _PING and not flags & _ACK:
            send(self.socket, _frame(_PING, _ACK, 0, payload))
        elif kind == _WINDOW:
            grown = int.from_bytes(payload, "big") & _LARGEST_WINDOW
            if stream:
                self._stream_window += grown
            else:
                self._window += grown
        elif kind in {_RESET, _GOAWAY}:
            self.usable = False
            self._open = kind == _GOAWAY and self._open
        if kind in {_DATA, _HEADERS} and flags & _END_STREAM:
            self._open = False

    def _settle(self, payload: bytes) -> None:
        for name, value in struct.iter_unpack("!HI", payload):
            if name == _INITIAL_WINDOW:
                self._stream_window += value - self._initial_window
                self._initial_window = value
            elif name == _FRAME_SIZE:
                self._frame_size = value
        send(self.socket, _frame(_SETTINGS, _ACK, 0, b""))

    def _message(self) -> bytes:
        if self._consumed > _REFILL:
            send(self.socket, _frame(_WINDOW, 0, 0, struct.pack("!I", self._consumed)))
            self._consumed = 0
        size = int.from_bytes(self._reply[1:5], "big")
        if len(self._reply) != 5 + size or len(self._reply) < 5 or self._reply[0]:  # noqa: PLR2004
            raise NoMessage("the reply holds no message")
        return bytes(self._reply[5:])


def _head(size: int, kind: int, flags: int, stream: int) -> bytes:
    return struct.pack("!IBI", size << 8 | kind, flags, stream)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> tuple[bytes, bytes]:
    return _head(len(payload), kind, flags, stream), payload


def _request(path: str, authority: bytes) -> bytes:
    """Request headers with HPACK's static table and plain literals (RFC 7541)."""
    literals = (
        (b"\x04", path.encode()),
        (b"\x01", authority),
        (b"\x0f\x10", b"application/grpc"),
        (b"\x00\x02te", b"trailers"),
    )
    post, http = b"\x83", b"\x86"
    texts = (name + bytes([len(value)]) + value for name, value in literals)
    return b"".join((post, http, *texts))


def _take(waiting: deque[Buffer], size: int) -> Iterable[Buffer]:
    """Take the next ``size`` bytes, without copying."""
    while size:
        piece = waiting.popleft()
        if len(piece) > size:
            view = memoryview(piece)
            waiting.appendleft(view[size:])
            piece = view[:size]
        size -= len(piece)
        yield piece
