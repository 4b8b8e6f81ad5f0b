"""Fails a whole request with an HTTP status, if the container allows it.

From 2.20 on the service passes ``falcon.HTTPError`` through (and its Context has ``timeout``).
Before, every exception becomes HTTP 500 with its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_handler.formats import UnknownFormatError
from tfbatch_handler.serving.trouble import Outage
from tfbatch_handler.signature import SignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping


class RecordError(ValueError):
    """A bad record, if ``TFBATCH_ON_ERROR`` is ``fail``."""


STATUS: Mapping[type[Exception], str] = {
    RecordError: "400 Bad Request",
    SignatureError: "400 Bad Request",
    UnknownFormatError: "415 Unsupported Media Type",
    Outage: "503 Service Unavailable",
}
EXPECTED = tuple(STATUS)


def as_http(error: Exception, context: object) -> Exception:
    """The exception to raise instead of one of the ``EXPECTED`` errors."""
    if not hasattr(context, "timeout"):
        return error
    import falcon  # noqa: PLC0415  the container's own; others have none

    status = STATUS[type(error)]
    return falcon.HTTPError(status, title=status.partition(" ")[2], description=str(error))
