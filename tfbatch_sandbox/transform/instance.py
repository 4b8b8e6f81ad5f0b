"""One instance of a job: a container, its logs and its share of the objects."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.container.host.container import container
from tfbatch_sandbox.container.host.logs import DataLog, LogStream
from tfbatch_sandbox.transform.failure import NO_PING, SEE_LOGS, JobFailure, ObjectFailure
from tfbatch_sandbox.transform.metrics import HostMetrics
from tfbatch_sandbox.transform.parameters import choose_parameters
from tfbatch_sandbox.transform.pipeline import Pipeline
from tfbatch_sandbox.transform.s3.transfer import Transfer
from tfbatch_sandbox.transform.sending import Client, Invocation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from mypy_boto3_logs import CloudWatchLogsClient

    from tfbatch_sandbox.container.host.launch import Launch
    from tfbatch_sandbox.processes import supervision
    from tfbatch_sandbox.transform.job import Job
    from tfbatch_sandbox.transform.s3.listing import Work
    from tfbatch_sandbox.transform.s3.store import Store

    FindWork = Callable[[], Awaitable[Sequence[Work]]]

_PING_SECONDS: Final = 1800.0
"""A container that isn't healthy after half an hour is given up."""
PING_SECONDS: Final = "SANDBOX_PING_SECONDS"
"""Environment variable that overrides it."""
_WATCH_SECONDS: Final = 0.2


def instance_id() -> str:
    """A name like that of an EC2 instance."""
    return f"i-{secrets.token_hex(9)[:17]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A virtual machine of the job's fleet."""

    job: Job
    folder: Path
    """Its disk."""
    store: Store
    logs: CloudWatchLogsClient
    launch: Launch
    started: datetime
    """When the job started, UTC."""
    on_healthy: Callable[[], None]
    identity: str = field(default_factory=instance_id)

    async def run(self, find_work: FindWork) -> list[ObjectFailure]:
        """Start the container, transform the objects, stop it.

        Args:
            find_work: lists this instance's objects while the container starts.

        Returns:
            Why some objects have no output.

        Raises:
            JobFailure: the container never becomes healthy, or exits.
        """
        name = f"{self.job.name}/{self.identity}-{int(time.time())}"
        container_log = LogStream(self.logs, name)
        data_log = DataLog(LogStream(self.logs, f"{name}/data-log"))
        try:
            async with (
                container(
                    self.job.model,
                    self.folder,
                    store=self.store,
                    log=container_log,
                    launch=partial(self.launch, self.job),
                ) as (process, address),
                HostMetrics(name, process.pid, self.folder),
                Client(address) as client,
            ):
                serving = asyncio.create_task(self._serve(client, find_work, data_log))
                return await _unless_it_ends(process, serving, data_log)
        finally:
            await asyncio.gather(container_log.close(), data_log.close())

    async def _serve(
        self, client: Client, find_work: FindWork, data_log: DataLog
    ) -> list[ObjectFailure]:
        patience = float(os.environ.get(PING_SECONDS, _PING_SECONDS))
        if not await client.wait_until_healthy(patience):
            data_log.write("Unable to get response from algorithm", "/ping never answered 200")
            raise JobFailure(NO_PING)
        parameters = choose_parameters(self.job.requested, await client.execution_parameters())
        self.on_healthy()
        data_log.write(str(parameters))
        async with Transfer(self.store) as transfer:
            pipeline = Pipeline(
                job=self.job,
                parameters=parameters,
                client=client,
                invocation=Invocation.of(self.job, is_chunked=parameters.is_chunked),
                store=self.store,
                transfer=transfer,
                data_log=data_log,
                started=self.started,
            )
            return await pipeline.run(await find_work())


async def _unless_it_ends(
    process: supervision.Process,
    serving: asyncio.Task[list[ObjectFailure]],
    data_log: DataLog,
) -> list[ObjectFailure]:
    """The task's result, or a job failure if the container exits first."""
    try:
        while not serving.done():
            await asyncio.wait([serving], timeout=_WATCH_SECONDS)
            _check(process, serving, data_log)
        if not _has_said(serving):  # connections may fail before the container has exited
            await asyncio.sleep(_WATCH_SECONDS)
            _check(process, serving, data_log)
        return serving.result()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def _check(
    process: supervision.Process, serving: asyncio.Task[list[ObjectFailure]], data_log: DataLog
) -> None:
    """Fail the job if the container has exited early.

    Raises:
        JobFailure: it has.
    """
    if process.poll() is not None and not _has_said(serving):
        data_log.write(
            "Unable to get response from algorithm",
            f"the container ended with status {process.returncode}",
        )
        raise JobFailure(f"AlgorithmError: {SEE_LOGS}")


def _has_said(serving: asyncio.Task[list[ObjectFailure]]) -> bool:
    """Whether the task has an outcome. Failing because the container exited isn't one."""
    return serving.done() and isinstance(serving.exception(), JobFailure | None)
