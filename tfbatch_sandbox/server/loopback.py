"""Answers the calls of the server to itself in the caller's thread, without a connection.

Over HTTP each would wait for another thread, and every connection that is kept is a thread and two
open files.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from tfbatch_sandbox.server.http import RequestHandler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSPreparedRequest
    from werkzeug.serving import BaseWSGIServer


class Loopback:
    """A handler of botocore's event ``before-send``, for clients of this server."""

    server: BaseWSGIServer
    """Set when it is bound."""

    def __call__(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        """The answer; ``None`` for a body that is read from a file, which goes over HTTP.

        Raises:
            ConnectionClosedError: the server drops the connection.
        """
        body = request.body or b""
        if not isinstance(body, bytes | str):
            return None
        call = _Call(self.server, request, body.encode() if isinstance(body, str) else body)
        try:
            call.run_wsgi()
        except ConnectionError as error:
            if not call.is_begun:
                raise ConnectionClosedError(
                    error=error, request=request, endpoint_url=request.url
                ) from error
        return call.response(str(request.url))


class _Call(RequestHandler):
    """A request that came over no connection."""

    def __init__(self, server: BaseWSGIServer, request: AWSPreparedRequest, body: bytes) -> None:
        # Nothing of the base class, which would read the request from a socket.
        self.server, self.connection, self.client_address = server, None, ("127.0.0.1", 0)
        self.command, self.request_version = request.method, self.protocol_version
        self.close_connection = False
        url = urlsplit(str(request.url))
        self.path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        self.headers = _headers(request, url.netloc)
        self.rfile = io.BytesIO(body)
        self.wfile = io.BytesIO()

    def response(self, url: str) -> AWSResponse:
        """What the application answered."""
        headers: Any = dict(self.sent)
        return AWSResponse(url, self.status, headers, _Body(self.wfile.getvalue()))

    def begin(self) -> bool:
        """Send nothing yet."""
        self.is_begun = True
        return False


class _Body(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """The rest of it."""
        yield self.read()


def _headers(request: AWSPreparedRequest, host: str) -> HTTPHeaders:
    """The headers with those that every HTTP client adds."""
    headers = HTTPHeaders()
    for name, value in {"Host": host, **dict(request.headers.items())}.items():
        headers[name] = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return headers
