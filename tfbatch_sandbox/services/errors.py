"""An AWS error that moto returns in the format of the service."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class ApiError(ServiceException):
    """An error code and a message; moto takes a class of its own package for that package's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def refusal(message: str) -> ApiError:
    """SageMaker's error for nearly everything: ``ValidationException``."""
    return ApiError("ValidationException", message)
