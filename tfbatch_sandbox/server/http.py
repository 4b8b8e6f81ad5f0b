"""The HTTP request handler: persistent connections, and a request id in every response.

Werkzeug's handler closes each connection after one response: a connection, a thread and 10 ms for
every call. This one closes those that are idle for some seconds, because each is a thread and two
open files. Clients find that out before they use one again.
"""

from __future__ import annotations

import logging
import random
import uuid
from _thread import start_new_thread
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wsgi import LimitedStream

if TYPE_CHECKING:
    import io
    import socket
    from collections.abc import Iterable

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 16
_IDLE_SECONDS = 10.0
_ID = "x-amzn-RequestId"
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


def _request_id() -> str:
    """A random UUID. ``uuid4`` asks the kernel, and other threads take their turn meanwhile."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


class Server(ThreadedWSGIServer):
    """A thread for each connection."""

    def process_request(  # type: ignore[override] # of sockets alone
        self, request: socket.socket, client_address: tuple[str, int]
    ) -> None:
        """Answer a connection in a new thread, without waiting for it as ``Thread.start`` does.

        With many threads at work each wait takes its turn.
        """
        start_new_thread(self.process_request_thread, (request, client_address))


class RequestHandler(MotoRequestHandler):  # type: ignore[misc] # moto is not followed
    """A connection, request by request."""

    protocol_version = "HTTP/1.1"
    wbufsize = _CHUNK_BYTES
    disable_nagle_algorithm = True

    def log_request(self, *_: object) -> None:
        """Don't log every request."""

    def handle_expect_100(self) -> bool:
        """Tell a waiting client to send the body."""
        may_go_on: bool = super().handle_expect_100()
        self.wfile.flush()
        return may_go_on

    def handle_one_request(self) -> None:
        """Answer the next request; close a connection that is idle."""
        self.connection.settimeout(_IDLE_SECONDS)
        try:
            self.rfile.peek(1)
        except TimeoutError:
            self.close_connection = True
        else:
            self.connection.settimeout(None)
            super().handle_one_request()

    def run_wsgi(self) -> None:
        """Answer one request, and read what the application left of it."""
        self.environ = environ = self.make_environ()
        body = environ["wsgi.input"]
        if not environ.get("wsgi.input_terminated"):  # it has a length, not chunks
            body = environ["wsgi.input"] = LimitedStream(
                self.rfile, int(environ.get("CONTENT_LENGTH") or 0)
            )
        self.status, self.words, self.sent = 0, "", list[tuple[str, str]]()
        self.is_begun = False
        try:
            self._answer(self.server.app(environ, self._start))
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 # any error of the application becomes a response
            _log.exception("%s %s", self.command, self.path)
            self.close_connection = True
            if not self.is_begun:
                self._start("500 Internal Server Error", [])
                self._answer([b""])
        else:
            self.wfile.flush()
            self._exhaust(body)

    def _start(self, status: str, headers: list[tuple[str, str]], *_error: object) -> None:
        number, _, self.words = status.partition(" ")
        # moto's own errors have no request id, which callers report.
        has_id = any(name.lower() == _ID.lower() for name, _ in headers)
        self.status = int(number)
        self.sent = [*headers, *(() if has_id else [(_ID, _request_id())])]

    def _answer(self, pieces: Iterable[bytes]) -> None:
        try:
            is_chunked = False
            for piece in pieces:
                is_chunked = self.begin() if not self.is_begun else is_chunked
                self._write(piece, is_chunked=is_chunked)
            if not self.is_begun:
                is_chunked = self.begin()
            if is_chunked:
                self.wfile.write(b"0\r\n\r\n")
        finally:
            close: Any = getattr(pieces, "close", None)
            if close is not None:
                close()

    def begin(self) -> bool:
        """Send the head. Returns whether the body is chunked, because its length is unknown."""
        self.send_response(self.status, self.words)
        for name, value in self.sent:
            self.send_header(name, value)
        has_body = self.command != "HEAD" and self.status not in _BODILESS
        is_known = any(name.lower() == "content-length" for name, _ in self.sent)
        is_chunked = has_body and not is_known and self.request_version >= "HTTP/1.1"
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif has_body and not is_known:
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.is_begun = True
        return is_chunked

    def _exhaust(self, body: io.RawIOBase) -> None:
        try:
            while body.read(_CHUNK_BYTES):
                pass
        except ClientDisconnected:  # it had promised a longer body
            self.close_connection = True

    def _write(self, piece: bytes, *, is_chunked: bool) -> None:
        if piece and is_chunked:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.flush()  # streaming clients wait for each chunk
        elif piece:
            self.wfile.write(piece)
