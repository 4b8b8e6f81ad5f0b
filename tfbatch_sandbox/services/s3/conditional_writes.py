"""Makes a conditional PutObject atomic: of several at once, one writes.

moto checks the condition and writes later, in threads. Some writes are slowed down on demand.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime

_LOCK = threading.Lock()
_CONDITIONS = ("If-Match", "If-None-Match")


class SlowDownError(S3ClientError):
    """S3's answer to too many requests."""

    code = 503

    def __init__(self) -> None:
        super().__init__("SlowDown", "Please reduce your request rate.")


def install(runtime: Runtime) -> None:
    """Let conditional writes take turns."""
    original = S3Response.put_object

    def put_object(response: S3Response) -> Any:  # noqa: ANN401 - moto's
        if not any(response.headers.get(name) for name in _CONDITIONS):
            return original(response)
        if runtime.faults.take_slow_down():
            raise SlowDownError
        with _LOCK:
            return original(response)

    replace(S3Response, "put_object", put_object)
