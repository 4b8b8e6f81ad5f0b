"""Sends requests to a container: ``/ping``, ``/execution-parameters``, ``/invocations``."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import aiohttp

from tfbatch_sandbox.transform.failure import (
    ObjectFailure,
    algorithm_error,
    client_error,
)
from tfbatch_sandbox.transform.s3.transfer import body_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tfbatch_sandbox.transform.job import Job

_PING_TIMEOUT: Final = aiohttp.ClientTimeout(total=2)
_PING_SECONDS: Final = (0.03, 1.0)
"""Between two pings: a twentieth of the time waited, between these."""
_FIRST_PAUSE_SECONDS: Final = 1.0
"""Doubled each time: three retries outlast a restart of the model server."""
_MESSAGE_CHARACTERS: Final = 1_000
_CHUNK_BYTES: Final = 1024 * 1024
_USER_AGENT: Final = "Go-http-client/1.1"
"""The user agent of the service's requests in containers' logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How the requests of a job are sent."""

    headers: Mapping[str, str]
    timeout_seconds: int
    """Time-out of one try."""
    max_retries: int
    is_chunked: bool

    @classmethod
    def of(cls, job: Job, *, is_chunked: bool) -> Invocation:
        """From ``ContentType``, ``Accept`` and ``ModelClientConfig``.

        AWS doesn't document which ``Accept`` is sent if the job has none. Here none is.
        """
        named = {"Content-Type": job.input.content_type, "Accept": job.output.accept}
        return cls(
            headers={name: value for name, value in named.items() if value},
            timeout_seconds=job.invocation_timeout_seconds,
            max_retries=job.invocation_max_retries,
            is_chunked=is_chunked,
        )


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a container: a port of 127.0.0.1, or a Unix socket."""

    where: int | Path

    @property
    def host(self) -> str:
        """For URLs."""
        return "localhost" if isinstance(self.where, Path) else f"127.0.0.1:{self.where}"

    def remove(self) -> None:
        """Remove a Unix socket's folder."""
        if isinstance(self.where, Path):
            shutil.rmtree(self.where.parent, ignore_errors=True)

    def connector(self) -> aiohttp.BaseConnector:
        """As many connections as concurrent requests."""
        if isinstance(self.where, Path):
            return aiohttp.UnixConnector(path=str(self.where), limit=0)
        return aiohttp.TCPConnector(limit=0)


class Client:
    """Talks to one container. Use it as an async context manager."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._url = f"http://{address.host}"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=self._address.connector(),
            headers={"User-Agent": _USER_AGENT},
            skip_auto_headers={"Content-Type", "Accept", "Accept-Encoding"},
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def wait_until_healthy(self, timeout_seconds: float) -> bool:
        """Whether ``/ping`` answers 200 in time."""
        shortest, longest = _PING_SECONDS
        begun = asyncio.get_running_loop().time()
        while (waited := asyncio.get_running_loop().time() - begun) < timeout_seconds:
            if await self._ping():
                return True
            await asyncio.sleep(min(max(waited / 20, shortest), longest))
        return False

    async def _ping(self) -> bool:
        try:
            async with self._session.get(f"{self._url}/ping", timeout=_PING_TIMEOUT) as reply:
                return reply.status == HTTPStatus.OK
        except (aiohttp.ClientError, OSError):
            return False

    async def execution_parameters(self) -> dict[str, Any]:
        """The container's proposal; empty if it has no such path."""
        try:
            async with self._session.get(
                f"{self._url}/execution-parameters", timeout=_PING_TIMEOUT
            ) as reply:
                if reply.status != HTTPStatus.OK:
                    return {}
                document = json.loads(await reply.read())
        except (aiohttp.ClientError, OSError, ValueError):
            return {}
        return document if isinstance(document, dict) else {}

    async def invoke(self, payload: bytes, invocation: Invocation) -> bytes:
        """The container's answer to one request, retried as the job allows.

        AWS doesn't document what is retried. Here it is no answer, a time-out, 429 and 5xx. Other
        errors are final.

        Raises:
            ObjectFailure: with the lines for the data log.
        """
        pause = _FIRST_PAUSE_SECONDS
        for _ in range(invocation.max_retries):
            try:
                return await self._post(payload, invocation)
            except _RetriableError:
                await asyncio.sleep(pause)
                pause *= 2
        try:
            return await self._post(payload, invocation)
        except _RetriableError as error:
            raise error.failure from None

    async def _post(self, payload: bytes, invocation: Invocation) -> bytes:
        try:
            async with self._session.post(
                f"{self._url}/invocations",
                data=_chunks(payload) if invocation.is_chunked else body_of(payload),
                headers=invocation.headers,
                timeout=aiohttp.ClientTimeout(total=invocation.timeout_seconds),
            ) as reply:
                body = await reply.read()
        except (aiohttp.ClientError, OSError) as error:
            raise _RetriableError(
                algorithm_error("Unable to get response from algorithm", f"{error!r}")
            ) from error
        if reply.status != HTTPStatus.OK:
            raise _refusal(reply.status, body)
        return body


class _RetriableError(Exception):
    def __init__(self, failure: ObjectFailure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _refusal(status: int, body: bytes) -> Exception:
    message = body.decode("utf-8", "replace")[:_MESSAGE_CHARACTERS]
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        failure = client_error(f"ClientError: {status}", "", "Message:", message)
        return _RetriableError(failure) if status == HTTPStatus.TOO_MANY_REQUESTS else failure
    return _RetriableError(algorithm_error(f"AlgorithmError: {status}", "", "Message:", message))


async def _chunks(payload: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(payload), _CHUNK_BYTES):
        yield payload[start : start + _CHUNK_BYTES]
