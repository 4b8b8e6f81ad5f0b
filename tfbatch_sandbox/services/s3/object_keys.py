"""Refuses object keys of more than 1,024 bytes. moto accepts any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfbatch_sandbox.services.runtime import Runtime

_LONGEST: Final = 1024


def install(_runtime: Runtime) -> None:
    """Refuse to write longer keys."""
    for name in ("_key_response_put", "_key_response_post"):
        replace(S3Response, name, _checked(getattr(S3Response, name)))


def _checked(original: Callable[..., Any]) -> Callable[..., Any]:
    def write(self: S3Response, *given: Any) -> Any:  # noqa: ANN401 - moto's, passed on
        key: str = given[-1]
        if len(key.encode()) > _LONGEST:
            raise S3ClientError("KeyTooLongError", "Your key is too long")
        return original(self, *given)

    return write
