"""Reads and writes small S3 objects on the event loop, signed by botocore and sent by aiohttp.

A thread and a boto3 call cost two milliseconds of processor time for each object, this 0.6. With an
object for each record the model would wait for it.
"""

from __future__ import annotations

import asyncio
import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    from tfbatch_sandbox.transform.s3.location import Location
    from tfbatch_sandbox.transform.s3.store import Store

_TRIES: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.1
_TIMEOUT: Final = aiohttp.ClientTimeout(total=120)
_CONNECTIONS: Final = 16
_AT_ONCE_BYTES: Final = 512 * 1024


class TransferError(Exception):
    """S3 refused, or did not answer after several tries."""


class Transfer:
    """Reads and writes whole objects. Use it as an async context manager."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
            timeout=_TIMEOUT,
            auto_decompress=False,  # an object's Content-Encoding is its own business
            requote_redirect_url=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, location: Location) -> bytes:
        """Read an object.

        Raises:
            TransferError: it can't be read.
        """
        return await self._try("GET", location)

    async def put(self, location: Location, body: bytes) -> None:
        """Write an object.

        Raises:
            TransferError: it can't be written.
        """
        await self._try("PUT", location, body)

    async def _try(self, method: str, location: Location, body: bytes = b"") -> bytes:
        pause = _FIRST_PAUSE_SECONDS
        for _ in range(_TRIES - 1):
            try:
                return await self._send(method, location, body)
            except (aiohttp.ClientError, TimeoutError, _TryAgainError):
                await asyncio.sleep(pause)
                pause *= 2
        try:
            return await self._send(method, location, body)
        except (aiohttp.ClientError, TimeoutError, _TryAgainError) as error:
            raise TransferError(f"{method} failed {_TRIES} times: {error!r}") from error

    async def _send(self, method: str, location: Location, body: bytes) -> bytes:
        url, headers = self._store.signed(method, location, body)
        async with self._session.request(
            method,
            URL(url, encoded=True),  # signed as it is written: it must not be quoted again
            data=body_of(body) if body else None,
            headers=headers,
            skip_auto_headers={"Content-Type", "Accept-Encoding"},
        ) as reply:
            answer = await reply.read()
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _TryAgainError(f"{reply.status} {reply.reason}")
        if reply.status != HTTPStatus.OK:
            text = answer.decode("utf-8", "replace")
            raise TransferError(f"{method} was refused with {reply.status}: {text}")
        return answer


def body_of(data: bytes) -> bytes | io.BytesIO:
    """Bytes for aiohttp: large ones in pieces, so that other requests don't wait."""
    return io.BytesIO(data) if len(data) > _AT_ONCE_BYTES else data


class _TryAgainError(Exception):
    """S3 asks to retry."""
