"""Puts small files into S3 in a fraction of the processor time of botocore's calls.

botocore takes one to three milliseconds of a core for a PutObject: endpoint rules, some dozens of
event handlers, the user agent. The first file goes through it, and shows what it sends and where.
Others are sent alike: signed by botocore's signer, over its connections. What isn't answered by 200
goes through botocore again, which knows retries, redirects and errors.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSRequest
from botocore.exceptions import HTTPClientError
from botocore.utils import percent_encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

_OK = 200
_SENDING = "before-send.s3.PutObject"
_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([^/]+)/s3/aws4_request,")
_OF_THE_CALL = re.compile(
    r"(x-amz-(date|content-sha256|security-token|checksum-.*|meta-.*)|authorization|"
    r"content-length|amz-sdk-.*|expect)",
    re.IGNORECASE,
)
"""Headers that differ from call to call, and ``Expect``: to ask whether S3 wants a small file takes
as long as to send it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Alike:
    """What all calls have in common."""

    url: str
    """To the end of the bucket."""
    region: str
    headers: Mapping[str, str]


@dataclass(kw_only=True, slots=True)
class SmallFiles:
    """Puts objects of one bucket, from several threads."""

    s3: S3Client
    bucket: str
    _alike: _Alike | None = None
    _first: threading.Lock = field(default_factory=threading.Lock)
    _is_tried: bool = False

    def put(self, key: str, body: bytes, metadata: Mapping[str, str]) -> None:
        """Put an object. S3 compares its bytes with their SHA-256.

        Raises:
            botocore.exceptions.ClientError: S3 refuses it.
        """
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        with self._first:
            if not self._is_tried:
                self._is_tried = True
                self._alike = self._shown(key, body, metadata, digest)
                return
        if self._alike is None or not self._sent(self._alike, key, body, metadata, digest):
            self._put(key, body, metadata, digest)

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str], digest: str) -> None:
        self.s3.put_object(
            Bucket=self.bucket, Key=key, Body=body, Metadata=metadata, ChecksumSHA256=digest
        )

    def _shown(
        self, key: str, body: bytes, metadata: Mapping[str, str], digest: str
    ) -> _Alike | None:
        """Put an object through botocore, and read how it does it."""
        seen: list[Any] = []

        def see(request: Any, **_: Any) -> None:  # noqa: ANN401 # None: it is sent
            seen.append(request)

        self.s3.meta.events.register(_SENDING, see)
        try:
            self._put(key, body, metadata, digest)
        finally:
            self.s3.meta.events.unregister(_SENDING, see)
        headers = {name: _text(value) for name, value in seen[-1].headers.items()}
        scope = _SCOPE.match(headers.get("Authorization", ""))
        path = percent_encode(key, safe="/~")
        if scope is None or not seen[-1].url.endswith(f"/{path}"):
            return None
        common = {name: value for name, value in headers.items() if not _OF_THE_CALL.match(name)}
        return _Alike(url=seen[-1].url.removesuffix(path), region=scope[1], headers=common)

    def _sent(
        self, alike: _Alike, key: str, body: bytes, metadata: Mapping[str, str], digest: str
    ) -> bool:
        """Send an object like the first one; return whether S3 has it."""
        own = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        headers = {**alike.headers, **own, "x-amz-checksum-sha256": digest}
        url = alike.url + percent_encode(key, safe="/~")
        request = AWSRequest("PUT", url, data=body, headers=headers)
        client: Any = self.s3  # below are its credentials, and its proxies and certificates
        signer = client._request_signer.get_auth_instance("s3", alike.region, "s3v4")  # noqa: SLF001
        signer.add_auth(request)
        try:
            reply = client._endpoint.http_session.send(request.prepare())  # noqa: SLF001
        except HTTPClientError:
            return False
        return bool(reply.status_code == _OK)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
