"""Requests that fail as AWS sometimes lets them: refused, slow, torn, or done without an answer."""

from __future__ import annotations

import io
import json
import time
import uuid
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode
from xml.sax.saxutils import escape

from tfbatch_sandbox.authorization.s3_calls import s3_calls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WAYS: Final = ("refuse", "fail", "drop", "halve", "change", "retag", "shorten", "wait")
_SHORT_PAGE: Final = "2"
_WRONG: Final = '"00000000000000000000000000000000"'
_NUMBERS: Final = {"after": 0, "times": 1, "seconds": 0, "status": 400}


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFault:
    """Some requests, and how they fail.

    Raises:
        ValueError: names the field, the value and what it may be.
    """

    action: str
    """The requests' IAM action, with ``*`` for any text: ``s3:PutObject``, ``lambda:*``."""
    about: str = ""
    """A text that the request's path, query or body contains."""
    after: int = 0
    """So many of these requests are answered as ever before the first one fails."""
    times: int = 1
    """So many fail."""
    how: str = "refuse"
    """``refuse``: an error instead of the work. ``fail``: the work is done, the answer is an error.
    ``drop``: the work is done, the connection ends without an answer. ``halve``: the connection
    ends in the middle of the body. ``change``: a byte of the body is another. ``retag``: the ETag
    is another. ``shorten``: a listing has pages of two keys. ``wait``: nothing but ``seconds``."""
    status: int = 503
    """The error's HTTP status."""
    code: str = "ServiceUnavailable"
    message: str = "The service is not available. Please try again."
    seconds: float = 0.0
    """The pause before the request is looked at."""

    def __post_init__(self) -> None:
        if self.how not in WAYS:
            raise ValueError(f"how must be one of {', '.join(WAYS)}, got {self.how!r}")
        for name, least in _NUMBERS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
                raise ValueError(f"{name} must be a number, {least} or more, got {value!r}")
        if ":" not in self.action:
            raise ValueError(f"action must be like 's3:PutObject', got {self.action!r}")

    def fits(self, action: str, environ: WSGIEnvironment) -> bool:
        """Whether a request is meant."""
        return fnmatchcase(action, self.action) and (not self.about or self.about in _text(environ))

    def answer(
        self, application: WSGIApplication, environ: WSGIEnvironment, respond: StartResponse
    ) -> Iterable[bytes]:
        """Answer a request that is meant.

        Raises:
            ConnectionResetError: the answer is lost.
        """
        time.sleep(self.seconds)
        if self.how == "wait":
            return application(environ, respond)
        if self.how == "refuse":
            return self._error(environ, respond)
        if self.how == "shorten":
            query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
            environ["QUERY_STRING"] = urlencode(query | {"max-keys": _SHORT_PAGE})
            return application(environ, respond)
        status, headers, body = _done(application, environ)
        if self.how == "fail":
            return self._error(environ, respond)
        if self.how == "drop":
            raise ConnectionResetError("the answer is lost, as asked for")
        if self.how == "retag":
            headers = [(name, _WRONG if name.lower() == "etag" else text) for name, text in headers]
        if self.how == "change":
            body = bytes([body[0] ^ 1]) + body[1:] if body else body
        if not any(name.lower() == "content-length" for name, _ in headers):
            headers = [*headers, ("Content-Length", str(len(body)))]
        respond(status, headers)
        return _torn(body) if self.how == "halve" else [body]

    def _error(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        body = self._shown(environ).encode()
        headers = [("Content-Length", str(len(body))), ("x-amzn-errortype", self.code)]
        headers.append(("x-amz-request-id", str(uuid.uuid4())))
        respond(f"{self.status} Error", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _shown(self, environ: WSGIEnvironment) -> str:
        """The error in the protocol of its service."""
        if "HTTP_X_AMZ_TARGET" in environ or _service(environ) == "lambda":
            return json.dumps({"__type": self.code, "message": self.message})
        words = f"<Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message>"
        request = f"<RequestId>{uuid.uuid4()}</RequestId>"
        if _service(environ) == "s3":
            return f"<Error>{words}{request}</Error>"
        return f"<ErrorResponse><Error>{words}</Error>{request}</ErrorResponse>"


def action_of(environ: WSGIEnvironment) -> str:
    """The IAM action of a request: of S3 by method and path, of others by the operation's name."""
    service = _service(environ)
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if service == "s3":
        bucket, _, key = _path(environ).removeprefix("/").partition("/")
        calls = s3_calls(
            method=environ["REQUEST_METHOD"],
            bucket=bucket or None,
            key=key or None,
            query=dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)),
            headers={},
        )
        return next(calls).action
    if service == "lambda" and environ["PATH_INFO"].endswith("/invocations"):
        return "lambda:InvokeFunction"
    asked = target or parse_qs(_body(environ).decode(errors="replace")).get("Action", ["?"])[0]
    return f"{service}:{asked}"


def _service(environ: WSGIEnvironment) -> str:
    """The service that a request is signed for."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    return str((scope.split("/") + [""] * 4)[3])


def _path(environ: WSGIEnvironment) -> str:
    text: str = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    return text


def _body(environ: WSGIEnvironment) -> bytes:
    """The request's body, which stays there to be read."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    if length:
        environ["wsgi.input"] = io.BytesIO(body)
    return body


def _text(environ: WSGIEnvironment) -> str:
    place = f"{_path(environ)}?{unquote(environ['QUERY_STRING'])}"
    # An object is not looked into.
    is_object = _service(environ) == "s3"
    return place if is_object else f"{place}\n{_body(environ).decode(errors='replace')}"


def _done(
    application: WSGIApplication, environ: WSGIEnvironment
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Do a request's work."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def respond(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:  # noqa: ANN401
        told.append((status, headers))
        return lambda _: None

    body = b"".join(application(environ, respond))
    status, headers = told[-1]
    return status, headers, body


def _torn(body: bytes) -> Iterable[bytes]:
    yield body[: len(body) // 2]
    raise ConnectionResetError("the rest of the body is lost, as asked for")
