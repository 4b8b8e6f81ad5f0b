"""Answers GetObject, HeadObject and PutObject for whole objects without Flask.

moto spends two milliseconds on each, mostly in Flask and on options that the call doesn't use. A
call for an object, with the metadata and the checksum that SDKs send, is answered here, from moto's
store. All others (with a range, a version, a condition, a checksum after the body, and calls that
will fail) go to moto.
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
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "connection",
        "expect",
        "host",
        "user-agent",
        "x-amz-checksum-crc32",
        "x-amz-checksum-mode",
        "x-amz-checksum-sha256",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-security-token",
    )
}
"""Headers that are understood here, by their WSGI names."""
_READS: Final = frozenset({"GET", "HEAD"})
_METHODS: Final = _READS | {"PUT"}
_METADATA: Final = "HTTP_X_AMZ_META_"
_SIGNED: Final = "/s3/aws4_request"
_STREAMING: Final = "STREAMING-"
_LONGEST_KEY: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    """A GET, HEAD or PUT of an object without options."""

    method: str
    bucket: str
    key: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, environ: WSGIEnvironment, hosts: frozenset[str]) -> _Plain | None:
        """Parse the request, if it is one."""
        sent = ((name, value) for name, value in environ.items() if name.startswith("HTTP_"))
        headers = {_header(name): value for name, value in sent}
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        bucket, _, key = path.removeprefix("/").partition("/")
        is_plain = (
            "" not in headers
            and environ["REQUEST_METHOD"] in _METHODS
            and not environ["QUERY_STRING"]
            and not environ.get("CONTENT_TYPE")
            and not environ.get("wsgi.input_terminated")
            and headers.get("host") in hosts
            and _SIGNED in headers.get("authorization", "")
            and not headers.get("x-amz-content-sha256", "").startswith(_STREAMING)
            and 0 < len(key.encode()) <= _LONGEST_KEY
            and _is_checksum_known(headers)
        )
        if not is_plain:
            return None
        return cls(method=environ["REQUEST_METHOD"], bucket=bucket, key=key, headers=headers)


def _header(name: str) -> str:
    """The name of a header by its WSGI name; nothing if it isn't understood here."""
    if name.startswith(_METADATA):
        return name.removeprefix("HTTP_").replace("_", "-").lower()
    return _HEADERS.get(name, "")


def _is_checksum_known(headers: Mapping[str, str]) -> bool:
    """Whether no checksum is announced, or the announced one is there."""
    algorithm = headers.get("x-amz-sdk-checksum-algorithm", "").lower()
    return not algorithm or f"x-amz-checksum-{algorithm}" in headers


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
        is_read = plain.method in _READS
        found = backend.get_object(plain.bucket, plain.key) if is_read else None
        if is_read and (found is None or found.storage_class != "STANDARD"):
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
            body = found.value if plain.method == "GET" else b""
            headers = found.response_dict | dict(found.metadata) | {"Accept-Ranges": "bytes"}
            if plain.headers.get("x-amz-checksum-mode") == "ENABLED" and found.checksum_algorithm:
                headers |= _checksum(found)
        start_response("200 OK", [(name, str(value)) for name, value in headers.items()])
        return [body]


def _put(backend: Any, plain: _Plain, environ: WSGIEnvironment) -> dict[str, Any]:  # noqa: ANN401
    from moto.s3.utils import metadata_from_headers  # noqa: PLC0415

    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    algorithm = plain.headers.get("x-amz-sdk-checksum-algorithm", "")
    value = plain.headers.get(f"x-amz-checksum-{algorithm.lower()}")
    made = backend.put_object(
        plain.bucket, plain.key, body, storage="STANDARD", checksum_value=value
    )
    made.set_metadata(metadata_from_headers(plain.headers))
    made.set_acl(backend.get_bucket(plain.bucket).acl)
    backend.tagger.delete_all_tags_for_resource(made.arn)  # those of the object before
    shown: dict[str, Any] = made.response_dict
    if algorithm:
        made.checksum_algorithm = algorithm
        shown = shown | {f"x-amz-checksum-{algorithm.lower()}": value}
    return shown


def _checksum(found: Any) -> dict[str, str]:  # noqa: ANN401
    """The checksum of an object, as GetObject returns it."""
    parts = f"-{found.checksum_parts}" if found.checksum_type == "COMPOSITE" else ""
    shown = {f"x-amz-checksum-{found.checksum_algorithm.lower()}": f"{found.checksum_value}{parts}"}
    return shown | ({"x-amz-checksum-type": found.checksum_type} if found.checksum_type else {})
