"""Emulates nginx in front of the service: locations and time-outs."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import gevent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

_LOCATIONS: Final = ("/ping", "/invocations", "/models")
_NOT_FOUND: Final = b'{"error": "Not Found"}'


def error_page(status: HTTPStatus, words: str) -> str:
    """Return the page that nginx sends for an error."""
    title = f"{status.value} {words}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )


class Nginx:
    """A WSGI application in front of the service's.

    Args:
        application: the service.
        read_timeout_seconds: ``proxy_read_timeout``: how long an answer may take. gunicorn's
            time-out ends a handler that never yields.
    """

    def __init__(self, application: Application, read_timeout_seconds: int) -> None:
        self._application = application
        self._seconds = read_timeout_seconds

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The service's answer, 404 outside its locations, 504 after the time-out."""
        if not environ["PATH_INFO"].startswith(_LOCATIONS):
            start_response("404 Not Found", [("Content-Type", "application/json")])
            return [_NOT_FOUND]
        timeout = gevent.Timeout(self._seconds)
        try:
            with timeout:
                return self._application(environ, start_response)
        except gevent.Timeout as expired:
            if expired is not timeout:
                raise
            start_response("504 Gateway Time-out", [("Content-Type", "text/html")])
            return [error_page(HTTPStatus.GATEWAY_TIMEOUT, "Gateway Time-out").encode()]
