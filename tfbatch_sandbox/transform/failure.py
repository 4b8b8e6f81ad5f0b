"""The failures of a job: ``FailureReason`` and lines of the data log."""

from __future__ import annotations

from typing import Final

SEE_LOGS: Final = "See job logs for more information"
NO_PING: Final = (
    "AlgorithmError: Model container failed to respond to ping. Please ensure /ping endpoint is "
    "implemented and responds with an HTTP 200 status code"
)
"""Source: aws/amazon-sagemaker-examples#852."""


class JobFailure(Exception):  # noqa: N818 (a failed job is an outcome, not an error of ours)
    """The whole job fails.

    Attributes:
        reason: the job's ``FailureReason``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ObjectFailure(Exception):  # noqa: N818
    """One input object has no output. The job goes on, and fails at its end.

    Attributes:
        kind: ``ClientError`` (data or settings) or ``AlgorithmError`` (container).
        lines: lines for the data log.
    """

    def __init__(self, kind: str, *lines: str) -> None:
        super().__init__(*lines)
        self.kind = kind
        self.lines = lines


def client_error(*lines: str) -> ObjectFailure:
    """The input or the settings are wrong."""
    return ObjectFailure("ClientError", *lines)


def too_large(limit: int, size: int | None = None) -> ObjectFailure:
    """A record doesn't fit in a request.

    Args:
        limit: bytes that fit.
        size: size of the record, if known.
    """
    of = f"of {size} bytes" if size is not None else f"of more than {limit} bytes"
    return client_error(
        "Too much data for max payload size",
        f"a record {of} does not fit in MaxPayloadInMB ({limit} bytes)",
    )


def algorithm_error(*lines: str) -> ObjectFailure:
    """The container failed."""
    return ObjectFailure("AlgorithmError", *lines)
