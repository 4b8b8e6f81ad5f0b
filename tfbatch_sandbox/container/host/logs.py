"""Writes a container's log and the data log to CloudWatch Logs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

_log = logging.getLogger(__name__)
GROUP: Final = "/aws/sagemaker/TransformJobs"
_INTERVAL_SECONDS: Final = 0.5
_LINE_CHARACTERS: Final = 60_000  # at most four bytes: an event may have 256 KiB
_BATCH_EVENTS: Final = 1_000
_BATCH_CHARACTERS: Final = 200_000  # a request may have 1 MiB


class LogStream:
    """One log stream. Lines are sent twice a second, in order, and the rest when it is closed."""

    def __init__(self, logs: CloudWatchLogsClient, name: str, *, group: str = GROUP) -> None:
        self._logs = logs
        self._name = name
        self._group = group
        self._events: list[InputLogEventTypeDef] = []
        self._is_made = False
        self._sending = asyncio.Lock()
        self._sender = asyncio.create_task(self._send_for_ever())

    def write(self, line: str) -> None:
        """Add a line now."""
        text = line.rstrip("\n")[:_LINE_CHARACTERS]
        if text:  # CloudWatch refuses an empty message
            self._events.append({"timestamp": time.time_ns() // 1_000_000, "message": text})

    async def follow(self, stream: asyncio.StreamReader) -> None:
        """Write every line of a process until it closes its output."""
        while line := await _read_line(stream):
            self.write(line.decode("utf-8", "replace"))

    async def close(self) -> None:
        """Send the remaining lines."""
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)
        await self._send()

    async def _send_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL_SECONDS)
            # Shielded, so that closing doesn't cancel a request and send its lines again.
            await asyncio.shield(self._send())

    async def _send(self) -> None:
        async with self._sending:  # so that close() also waits for a request in flight
            while self._events:
                batch = self._take()
                try:
                    await asyncio.to_thread(self._put, batch)
                except (BotoCoreError, ClientError):
                    _log.exception("%d log lines of %s are lost", len(batch), self._name)

    def _take(self) -> list[InputLogEventTypeDef]:
        size = count = 0
        for event in self._events[:_BATCH_EVENTS]:
            size += len(event["message"])
            if count and size > _BATCH_CHARACTERS:
                break
            count += 1
        batch, self._events = self._events[:count], self._events[count:]
        return batch

    def _put(self, events: list[InputLogEventTypeDef]) -> None:
        if not self._is_made:
            self._make()
            self._is_made = True
        self._logs.put_log_events(
            logGroupName=self._group, logStreamName=self._name, logEvents=events
        )

    def _make(self) -> None:
        try:
            self._make_stream()
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise
            self._make_group()
            self._make_stream()

    def _make_group(self) -> None:
        with _unless_it_exists():
            self._logs.create_log_group(logGroupName=self._group)

    def _make_stream(self) -> None:
        with _unless_it_exists():
            self._logs.create_log_stream(logGroupName=self._group, logStreamName=self._name)


@contextlib.contextmanager
def _unless_it_exists() -> Iterator[None]:
    """Ignore that it exists."""
    try:
        yield
    except ClientError as error:
        if _code(error) != "ResourceAlreadyExistsException":
            raise


def _code(error: ClientError) -> str:
    """An error's code. Clients of two threads may have different classes for the same error."""
    return error.response["Error"]["Code"]


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than the reader's limit, which has been thrown away
        return b"(a line too long to log)\n"


def logs_client() -> CloudWatchLogsClient:
    """One client for all streams of a job."""
    return boto3.client("logs")


class DataLog:
    """SageMaker's messages about a job's data: stream ``<job>/<instance>/data-log``."""

    def __init__(self, stream: LogStream) -> None:
        self._stream = stream

    def write(self, *lines: str) -> None:
        """Add each line with the service's prefix."""
        for line in lines:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
            self._stream.write(f"{now}:[sagemaker logs]: {line}")

    async def close(self) -> None:
        """Send the remaining lines."""
        await self._stream.close()
