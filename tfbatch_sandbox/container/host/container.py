"""A running container with its artifact and its log stream."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.container import fitting
from tfbatch_sandbox.container.host.artifact import fetch_artifact
from tfbatch_sandbox.container.host.launch import CONTAINER_ENGINE
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tfbatch_sandbox.container.host.launch import Started
    from tfbatch_sandbox.container.host.logs import LogStream
    from tfbatch_sandbox.transform.job import Model
    from tfbatch_sandbox.transform.s3.store import Store

_LINE_BYTES: Final = 1024 * 1024


@contextlib.asynccontextmanager
async def container(
    model: Model,
    folder: Path,
    *,
    store: Store,
    log: LogStream,
    launch: Callable[[Path], Started],
) -> AsyncIterator[Started]:
    """Fetch a model's artifact, start its container, and stop it at the end.

    Args:
        model: the model.
        folder: the instance's disk.
        store: where the artifact is.
        log: gets every line of the container's output.
        launch: starts the container from the unpacked artifact.

    Raises:
        JobFailure: the artifact can't be fetched or unpacked.
    """
    artifact = await asyncio.to_thread(fetch_artifact, model.data_url, folder, store)
    if CONTAINER_ENGINE not in os.environ:  # an image has the Python of the packages
        await asyncio.to_thread(fitting.fit, artifact, log.write)
    process, address = launch(artifact)
    following = asyncio.create_task(_follow(process, log))
    try:
        yield process, address
    finally:
        await asyncio.to_thread(supervision.stop, process)
        await following
        address.remove()


async def _follow(process: supervision.Process, log: LogStream) -> None:
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), process.stdout
    )
    await log.follow(reader)
