"""Runs servables off the event loop, alone or in batches."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tfbatch_sandbox.model_server.batching import BatchingParameters, BatchQueue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array
    from tfbatch_sandbox.model_server.tensorflow.servable import Servable, Signature

_THREADS_PER_CPU = 4
"""TensorFlow Serving's default for its REST threads."""


class Predictor:
    """The threads that run TensorFlow.

    Args:
        batching: ``None`` runs every request at once, one for each thread.
        timeout_ms: for one run of the graph.
    """

    def __init__(self, *, batching: BatchingParameters | None, timeout_ms: int) -> None:
        self._batching = batching
        self._timeout_ms = timeout_ms
        threads = (
            batching.num_batch_threads if batching else _THREADS_PER_CPU * (os.cpu_count() or 1)
        )
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="session")
        self._batch_threads = asyncio.Semaphore(threads)
        self._queues: dict[tuple[int, str], BatchQueue] = {}

    async def predict(
        self, servable: Servable, signature: Signature, inputs: Mapping[str, Array]
    ) -> Mapping[str, Array]:
        """The signature's outputs.

        Raises:
            StatusError: from the graph or the batch queue.
        """
        if self._batching is None:
            return await self._run(servable, signature, inputs)
        return await self._queue(servable, signature, self._batching).submit(inputs)

    def _queue(
        self, servable: Servable, signature: Signature, parameters: BatchingParameters
    ) -> BatchQueue:
        key = (id(servable), signature.name)
        if key not in self._queues:
            self._queues[key] = BatchQueue(
                run=lambda inputs: self._run(servable, signature, inputs),
                parameters=parameters,
                threads=self._batch_threads,
            )
        return self._queues[key]

    async def _run(
        self, servable: Servable, signature: Signature, inputs: Mapping[str, Array]
    ) -> Mapping[str, Array]:
        return await asyncio.get_running_loop().run_in_executor(
            self._executor,
            lambda: servable.run(signature, inputs, timeout_ms=self._timeout_ms),
        )
