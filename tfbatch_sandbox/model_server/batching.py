"""Batches requests with TensorFlow Serving's parameters."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from tfbatch_sandbox.model_server.tensorflow.status import (
    Code,
    StatusError,
    invalid_argument,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from tfbatch_sandbox.model_server.tensorflow.dtypes import Array

    Tensors = Mapping[str, Array]
    Run = Callable[[Tensors], Awaitable[Tensors]]

_MICROS: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchingParameters:
    """``--batching_parameters_file`` of TensorFlow Serving."""

    max_batch_size: int
    """Instances in one run. A larger request is refused."""
    batch_timeout_micros: int
    """How long the oldest request of a batch waits for others."""
    num_batch_threads: int
    """Batches that run at a time."""
    max_enqueued_batches: int
    """Waiting batches. A request that would need one more is refused."""

    def __post_init__(self) -> None:
        for name in ("max_batch_size", "num_batch_threads", "max_enqueued_batches"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.batch_timeout_micros < 0:
            raise ValueError(
                f"batch_timeout_micros must be at least 0, got {self.batch_timeout_micros}"
            )


@dataclass(slots=True)
class _Task:
    inputs: Tensors
    size: int
    done: asyncio.Future[Tensors]


@dataclass(slots=True)
class _Batch:
    deadline: float
    tasks: list[_Task] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(task.size for task in self.tasks)


class BatchQueue:
    """The batches of one signature; the last one is still open.

    Args:
        run: runs the graph once.
        parameters: when a batch is ready, and how many may wait.
        threads: ``num_batch_threads`` threads that all queues of a server share.
    """

    def __init__(
        self, *, run: Run, parameters: BatchingParameters, threads: asyncio.Semaphore
    ) -> None:
        self._run = run
        self._parameters = parameters
        self._threads = threads
        self._batches: deque[_Batch] = deque()
        self._changed = asyncio.Event()
        self._worker = asyncio.create_task(self._work())
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, inputs: Tensors) -> Tensors:
        """Return this request's outputs, computed in a batch.

        Raises:
            StatusError: INVALID_ARGUMENT, larger than a batch; UNAVAILABLE, the queue is full;
                or an error of the graph.
        """
        task = _Task(inputs, _batch_size(inputs), asyncio.get_running_loop().create_future())
        if task.size > self._parameters.max_batch_size:
            raise invalid_argument(
                f"Task size {task.size} is larger than maximum input batch size "
                f"{self._parameters.max_batch_size}"
            )
        self._open_batch(task.size).tasks.append(task)
        self._changed.set()
        return await task.done

    def _open_batch(self, size: int) -> _Batch:
        """The last batch if the task fits, else a new one."""
        limits = self._parameters
        if self._batches and self._batches[-1].size + size <= limits.max_batch_size:
            return self._batches[-1]
        if len(self._batches) >= limits.max_enqueued_batches:
            raise StatusError(
                Code.UNAVAILABLE,
                "The batch scheduling queue to which this task was submitted is full; currently"
                f" {len(self._batches)} batches enqueued and max_enqueued_batches is"
                f" {limits.max_enqueued_batches}",
            )
        now = asyncio.get_running_loop().time()
        self._batches.append(_Batch(now + limits.batch_timeout_micros * _MICROS))
        return self._batches[-1]

    async def _work(self) -> None:
        """Run batches in order. The open one grows until a thread is free."""
        while True:
            await self._ready()
            await self._threads.acquire()
            running = asyncio.create_task(self._finish(self._batches.popleft().tasks))
            self._running.add(running)
            running.add_done_callback(self._running.discard)

    async def _ready(self) -> None:
        """Wait until the first batch is full, followed by another, or old enough."""
        loop = asyncio.get_running_loop()
        while not self._batches or not self._is_due(loop.time()):
            self._changed.clear()
            wait = self._batches[0].deadline - loop.time() if self._batches else None
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                continue

    def _is_due(self, now: float) -> bool:
        first = self._batches[0]
        return (
            len(self._batches) > 1
            or first.size >= self._parameters.max_batch_size
            or now >= first.deadline
        )

    async def _finish(self, tasks: Sequence[_Task]) -> None:
        try:
            merged = _merge([task.inputs for task in tasks])
            outputs = _split(await self._run(merged), [task.size for task in tasks])
        except Exception as error:  # noqa: BLE001 (each request of the batch gets it)
            for task in tasks:
                if not task.done.done():
                    task.done.set_exception(error)
        else:
            for task, output in zip(tasks, outputs, strict=True):
                if not task.done.done():
                    task.done.set_result(output)
        finally:
            self._threads.release()


def _batch_size(inputs: Tensors) -> int:
    if not all(array.ndim for array in inputs.values()):
        raise invalid_argument("Batching Run() input tensors must have at least one dimension")
    if len({array.shape[0] for array in inputs.values()}) != 1:
        raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
    return int(next(iter(inputs.values())).shape[0])


def _merge(requests: Sequence[Tensors]) -> Tensors:
    if len(requests) == 1:
        return requests[0]
    merged = {}
    for name in requests[0]:
        arrays = [request[name] for request in requests]
        if len({array.shape[1:] for array in arrays}) > 1:
            raise StatusError(
                Code.FAILED_PRECONDITION,
                f"Tensors with name '{name}' from different tasks have different shapes and"
                " padding is turned off. Set pad_variable_length_inputs to true, or ensure that"
                " all tensors with the same name have equal dimensions starting with the first"
                " dim.",
            )
        merged[name] = np.concatenate(arrays)
    return merged


def _split(outputs: Tensors, sizes: Sequence[int]) -> Iterable[Tensors]:
    if len(sizes) == 1:
        return [outputs]
    for array in outputs.values():
        if not array.ndim:
            raise StatusError(Code.FAILED_PRECONDITION, "Batched output tensor has 0 dimensions")
        if array.shape[0] != sum(sizes):
            raise StatusError(
                Code.FAILED_PRECONDITION,
                "Batched output tensor's 0th dimension does not equal the sum of the "
                "0th dimension sizes of the input tensors",
            )
    cuts = np.cumsum(sizes)[:-1]
    pieces = {name: np.split(array, cuts) for name, array in outputs.items()}
    return [{name: pieces[name][index] for name in outputs} for index in range(len(sizes))]
