"""Answers GetObject and PutObject for whole objects without Flask.

moto spends two milliseconds on each, mostly in Flask and on options that the call doesn't use. A
call for an object's bytes and nothing else is answered here, from moto's store. All others (with a
range, a version, a condition, metadata or checksums, and calls that will fail) go to moto.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tfbatch_sandbox.authorization.gate import access_key, object_calls
from tfbatch_sandbox.authorization.guard import DeniedError
from tfbatch_sandbox.server.settings import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tfbatch_sandbox.services.runtime import Runtime

_HEADERS: Final = {
    f"HTTP_{name.upper().replace('-', '_')}": name
    for name in (
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "host",
        "user-agent",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
    )
}
"""Headers of any signed call, by their WSGI names. None of them changes the request's meaning."""
_SIGNED: Final = "/s3/aws4_request"
_STREAMING: Final = "STREAMING-"
_LONGEST_KEY: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    """A GET or PUT of an object without options."""

    method: str
    bucket: str
    key: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, environ: WSGIEnvironment, hosts: frozenset[str]) -> _Plain | None:
        """Parse the request, if it is one."""
        sent = ((name, value) for name, value in environ.items() if name.startswith("HTTP_"))
        headers = {_HEADERS.get(name, ""): value for name, value in sent}
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        bucket, _, key = path.removeprefix("/").partition("/")
        is_plain = (
            "" not in headers
            and environ["REQUEST_METHOD"] in {"GET", "PUT"}
            and not environ["QUERY_STRING"]
            and not environ.get("CONTENT_TYPE")
            and not environ.get("wsgi.input_terminated")
            and headers.get("host") in hosts
            and _SIGNED in headers.get("authorization", "")
            and not headers.get("x-amz-content-sha256", "").startswith(_STREAMING)
            and 0 < len(key.encode()) <= _LONGEST_KEY
        )
        if not is_plain:
            return None
        return cls(method=environ["REQUEST_METHOD"], bucket=bucket, key=key, headers=headers)


class ObjectRequests:
    """Answers such requests.

    Args:
        runtime: runtime of a server that has loaded S3.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._guard = runtime.guard
        self._sessions = runtime.sessions
        self._hosts = frozenset(f"{host}:{runtime.port}" for host in ("127.0.0.1", "localhost"))

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes] | None:
        """Answer a request; ``None`` for one that moto must answer."""
        from moto.s3.models import s3_backends  # noqa: PLC0415 - a second, where there is no S3

        plain = _Plain.of(environ, self._hosts)
        if plain is None:
            return None
        backend = s3_backends[ACCOUNT_ID]["aws"]
        bucket = backend.buckets.get(plain.bucket)
        if bucket is None or bucket.logging or bucket.object_lock_enabled:
            return None
        found = backend.get_object(plain.bucket, plain.key) if plain.method == "GET" else None
        if plain.method == "GET" and (found is None or found.storage_class != "STANDARD"):
            return None
        try:
            asking = self._sessions.actor(access_key(plain.headers["authorization"]))
            calls = object_calls(backend, plain.method, plain.bucket, plain.key, {}, plain.headers)
            self._guard.check(asking, calls)
        except DeniedError:
            return None
        if found is None:
            body, headers = b"", _put(backend, plain, environ) | {"content-length": "0"}
        else:
            body = found.value
            headers = found.response_dict | dict(found.metadata) | {"Accept-Ranges": "bytes"}
        start_response("200 OK", [(name, str(value)) for name, value in headers.items()])
        return [body]


def _put(backend: Any, plain: _Plain, environ: WSGIEnvironment) -> dict[str, Any]:  # noqa: ANN401
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    made = backend.put_object(plain.bucket, plain.key, body, storage="STANDARD")
    made.set_acl(backend.get_bucket(plain.bucket).acl)
    backend.put_object_tagging(made, {})  # those of the object before
    shown: dict[str, Any] = made.response_dict
    return shown
