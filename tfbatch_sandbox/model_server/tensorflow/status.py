"""TensorFlow's status codes and their HTTP statuses."""

from __future__ import annotations

import logging
from enum import IntEnum

_log = logging.getLogger("tfbatch_sandbox.model_server")


class Code(IntEnum):
    """``absl::StatusCode``."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


_HTTP_STATUS = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}


class StatusError(Exception):
    """A status that is not OK, with TensorFlow's own message."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def http_status(self) -> int:
        """As TensorFlow Serving's ``ToHTTPStatusCode`` maps it."""
        return _HTTP_STATUS.get(self.code, 500)

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


def as_status(error: Exception) -> StatusError:
    """The status of any exception. One that isn't a status is an error of this server."""
    if isinstance(error, StatusError):
        return error
    code = Code.RESOURCE_EXHAUSTED if isinstance(error, MemoryError) else Code.INTERNAL
    if code is Code.INTERNAL:
        _log.error("The model server failed", exc_info=error)
    return StatusError(code, f"{type(error).__name__}: {error}")


def invalid_argument(message: str) -> StatusError:
    """The status of a request that can never succeed."""
    return StatusError(Code.INVALID_ARGUMENT, message)
