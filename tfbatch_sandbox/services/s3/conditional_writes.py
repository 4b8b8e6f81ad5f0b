"""Makes a conditional PutObject atomic: of several at once, one writes.

moto checks the condition and writes later, in threads.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from moto.s3.responses import S3Response

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime

_LOCK = threading.Lock()
_CONDITIONS = ("If-Match", "If-None-Match")


def install(_runtime: Runtime) -> None:
    """Let conditional writes take turns."""
    original = S3Response.put_object

    def put_object(response: S3Response) -> Any:  # noqa: ANN401 - moto's
        if not any(response.headers.get(name) for name in _CONDITIONS):
            return original(response)
        with _LOCK:
            return original(response)

    replace(S3Response, "put_object", put_object)
