"""A production variant of an endpoint: runs its container until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from tfbatch_sandbox.container.host.container import container
from tfbatch_sandbox.container.host.environment import endpoint_environment
from tfbatch_sandbox.container.host.launch import launch
from tfbatch_sandbox.container.host.logs import LogStream
from tfbatch_sandbox.transform.failure import JobFailure
from tfbatch_sandbox.transform.instance import instance_id
from tfbatch_sandbox.transform.job import Model
from tfbatch_sandbox.transform.sending import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from mypy_boto3_logs import CloudWatchLogsClient

    from tfbatch_sandbox.container.host.launch import Started
    from tfbatch_sandbox.transform.s3.store import Store
    from tfbatch_sandbox.transform.sending import Address

    InService = Callable[[Address], None]
    Start = Callable[[], AbstractAsyncContextManager[Started]]

LOG_GROUP: Final = "/aws/sagemaker/Endpoints"
"""Each endpoint has a log group below it."""
_WATCH_SECONDS: Final = 0.2
_PAUSE_SECONDS: Final = 1.0
_PING_SECONDS: Final = 8 * 60
"""Default seconds until a container must be healthy; AWS doesn't document it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A production variant, on one instance for any number requested."""

    endpoint: str
    name: str
    model: Model
    ping_seconds: float
    identity: str = field(default_factory=instance_id)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """From an endpoint's name, a ProductionVariant and its DescribeModel response."""
        variant = document["variant"]
        return cls(
            endpoint=document["endpoint"],
            name=variant["VariantName"],
            model=Model.of(document["model"]),
            ping_seconds=variant.get("ContainerStartupHealthCheckTimeoutInSeconds", _PING_SECONDS),
        )

    @property
    def unhealthy(self) -> str:
        """The ``FailureReason`` of an endpoint whose container never answers."""
        return (
            f"The primary container for production variant {self.name} did not pass the ping "
            "health check. Please check CloudWatch logs for this endpoint."
        )

    async def serve(
        self,
        folder: Path,
        *,
        store: Store,
        logs: CloudWatchLogsClient,
        on_healthy: InService,
    ) -> None:
        """Run the container, and a new one if it exits, until canceled.

        Args:
            folder: the instance's disk.
            store: where the artifact is.
            logs: gets the container's output.
            on_healthy: called with the address, each time a container is healthy.

        Raises:
            JobFailure: the first container never became healthy, or the artifact can't be read.
        """
        log = LogStream(logs, f"{self.name}/{self.identity}", group=f"{LOG_GROUP}/{self.endpoint}")
        start = partial(
            container,
            self.model,
            folder,
            store=store,
            log=log,
            launch=partial(
                launch, self.model, environment=partial(endpoint_environment, self.model)
            ),
        )
        try:
            if not await self._run(start, on_healthy):
                raise JobFailure(self.unhealthy)
            while True:
                await asyncio.sleep(_PAUSE_SECONDS)
                await self._run(start, on_healthy)
        finally:
            await log.close()

    async def _run(self, start: Start, on_healthy: InService) -> bool:
        """Run one container until it exits. Returns whether it was healthy."""
        async with start() as started:
            is_healthy = await self._becomes_healthy(started)
            if is_healthy:
                on_healthy(started[1])
                await _end_of(started)
            return is_healthy

    async def _becomes_healthy(self, started: Started) -> bool:
        """Whether ``/ping`` answers in time and before the container exits."""
        async with Client(started[1]) as client:
            ping = asyncio.create_task(client.wait_until_healthy(self.ping_seconds))
            end = asyncio.create_task(_end_of(started))
            try:
                await asyncio.wait([ping, end], return_when=asyncio.FIRST_COMPLETED)
                return ping.done() and ping.result()
            finally:
                for task in (ping, end):
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task


async def _end_of(started: Started) -> None:
    while started[0].poll() is None:  # noqa: ASYNC110 - a process has no event
        await asyncio.sleep(_WATCH_SECONDS)
