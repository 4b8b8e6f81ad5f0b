"""Runs an instance's objects through its container: read, send, join, write."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from tfbatch_sandbox.transform.admission import Admission
from tfbatch_sandbox.transform.failure import ObjectFailure, client_error
from tfbatch_sandbox.transform.records.inference_ids import identify
from tfbatch_sandbox.transform.records.processing import processing_of
from tfbatch_sandbox.transform.records.reading import payloads, read
from tfbatch_sandbox.transform.records.writing import Writer
from tfbatch_sandbox.transform.s3.transfer import TransferError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Sequence
    from datetime import datetime

    from tfbatch_sandbox.container.host.logs import DataLog
    from tfbatch_sandbox.transform.job import Job
    from tfbatch_sandbox.transform.parameters import Parameters
    from tfbatch_sandbox.transform.records.packing import Payload
    from tfbatch_sandbox.transform.s3.listing import Work
    from tfbatch_sandbox.transform.s3.store import Store
    from tfbatch_sandbox.transform.s3.transfer import Transfer
    from tfbatch_sandbox.transform.sending import Client, Invocation

_READERS: Final = 16
_SMALL_BYTES: Final = 1024 * 1024
_AHEAD_PAYLOADS: Final = 64
_AHEAD_BYTES: Final = 512 * 1024
_WINDOW: Final = 4
"""Replies that wait for an earlier one, as a multiple of the request slots."""


class Pipeline:
    """The work of one instance.

    Args:
        job: the job.
        parameters: concurrency, payload and strategy.
        client: the instance's container.
        invocation: how to send a request.
        store: S3, for large objects.
        transfer: S3, for small objects.
        data_log: gets failures.
        started: when the job started, UTC.
    """

    def __init__(  # noqa: PLR0913 (the instance's whole surroundings)
        self,
        *,
        job: Job,
        parameters: Parameters,
        client: Client,
        invocation: Invocation,
        store: Store,
        transfer: Transfer,
        data_log: DataLog,
        started: datetime,
    ) -> None:
        self._job = job
        self._parameters = parameters
        self._client = client
        self._invocation = invocation
        self._store = store
        self._transfer = transfer
        self._data_log = data_log
        self._started = started
        self._processing = processing_of(job)
        self._slots = asyncio.Semaphore(parameters.max_concurrent_transforms)
        self._admission = Admission(parameters.max_concurrent_transforms)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="read")

    async def run(self, work: Sequence[Work]) -> list[ObjectFailure]:
        """Transform every object.

        Returns:
            Why some objects have no output.
        """
        failures: list[ObjectFailure] = []
        try:
            async with asyncio.TaskGroup() as group:
                for item in work:
                    await self._admission.enter(item.size)
                    group.create_task(self._object(item, failures))
        finally:
            self._readers.shutdown(wait=False, cancel_futures=True)
        return failures

    async def _object(self, work: Work, failures: list[ObjectFailure]) -> None:
        writer = Writer(self._store, self._transfer, work.target, self._job.output.kms_key_id)
        separator = b"\n" if self._job.output.assemble_with == "Line" else b""
        try:
            async for body in self._bodies(work):
                await _uploaded(writer.write(body, separator))
            await _uploaded(writer.complete())
        except ObjectFailure as failure:
            with contextlib.suppress(BotoCoreError, ClientError):
                await writer.abort()
            failures.append(failure)
            self._data_log.write(*(f"{work.source}: {line}" for line in failure.lines))
        finally:
            self._admission.leave(work.size)

    async def _bodies(self, work: Work) -> AsyncIterator[bytes]:
        """The replies in the order of the requests."""
        window: deque[asyncio.Task[bytes]] = deque()
        most = _WINDOW * self._parameters.max_concurrent_transforms
        try:
            async for payload in self._payloads(work):
                await self._slots.acquire()
                sending = asyncio.create_task(self._send(payload))
                # Not in the task: a task that is canceled before it starts runs no line of its
                # code.
                sending.add_done_callback(lambda _: self._slots.release())
                window.append(sending)
                while window and (window[0].done() or len(window) > most):
                    yield await window.popleft()
            while window:
                yield await window.popleft()
        finally:
            for task in window:
                task.cancel()
            await asyncio.gather(*window, return_exceptions=True)

    async def _send(self, payload: Payload) -> bytes:
        reply = await self._client.invoke(payload.body, self._invocation)
        if self._processing:
            reply = self._processing.after(payload.records, reply)
        return identify(reply, self._job, self._started)

    async def _payloads(self, work: Work) -> AsyncIterator[Payload]:
        """The payloads of an object: a small one at once, a large one read ahead in a thread."""
        if work.size <= _SMALL_BYTES:
            for payload in self._pack([await self._get(work)]):
                yield payload
            return
        bodies = self._pack(read(work.source, self._store))
        loop = asyncio.get_running_loop()
        while some := await loop.run_in_executor(self._readers, _take, bodies):
            for payload in some:
                yield payload

    def _pack(self, chunks: Iterable[bytes]) -> Iterator[Payload]:
        return payloads(
            chunks,
            source=self._job.input,
            processing=self._processing,
            is_multi=self._parameters.batch_strategy == "MULTI_RECORD",
            max_bytes=self._parameters.max_payload_bytes,
        )

    async def _get(self, work: Work) -> bytes:
        try:
            return await self._transfer.get(work.source)
        except TransferError as error:
            raise client_error(f"Data download failed: {error}") from error


async def _uploaded(upload: Awaitable[None]) -> None:
    """Wait for an upload. If S3 refuses it (for example a long key), only this object fails."""
    try:
        await upload
    except (TransferError, BotoCoreError, ClientError) as error:
        raise client_error(f"Data upload failed: {error}") from error


def _take(bodies: Iterator[Payload]) -> list[Payload]:
    taken: list[Payload] = []
    size = 0
    for payload in itertools.islice(bodies, _AHEAD_PAYLOADS):
        taken.append(payload)
        size += len(payload.body)
        if size >= _AHEAD_BYTES:
            break
    return taken
