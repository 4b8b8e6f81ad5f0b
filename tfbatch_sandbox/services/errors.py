"""An AWS error that moto returns in the format of the service."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class ApiError(ServiceException):
    """An error code and a message. moto needs a class of its own package for each service."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def refusal(message: str) -> ApiError:
    """SageMaker's most common error: ``ValidationException``."""
    return ApiError("ValidationException", message)
