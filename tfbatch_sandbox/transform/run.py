"""Runs a whole job: its instances in parallel, and its result."""

from __future__ import annotations

import asyncio
import json
import shutil
import uuid
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tfbatch_sandbox.container.host.launch import launch_here
from tfbatch_sandbox.container.host.logs import logs_client
from tfbatch_sandbox.transform.failure import SEE_LOGS, JobFailure
from tfbatch_sandbox.transform.instance import Instance
from tfbatch_sandbox.transform.records.processing import processing_of
from tfbatch_sandbox.transform.s3.listing import list_work, partition
from tfbatch_sandbox.transform.s3.location import Location
from tfbatch_sandbox.transform.s3.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

    from tfbatch_sandbox.container.host.launch import Launch
    from tfbatch_sandbox.transform.failure import ObjectFailure
    from tfbatch_sandbox.transform.job import Capture, Job
    from tfbatch_sandbox.transform.s3.listing import Work


def write_manifests(
    capture: Capture, work: Sequence[Work], store: Store, *, started: datetime
) -> None:
    """Write ``input/`` and ``output/`` ``yyyy/mm/dd/hh/<id>.json`` below the destination.

    Source: "Capture data from batch transform job", SageMaker developer guide.

    Args:
        capture: destination and encryption key.
        work: all objects of the job, transformed.
        store: S3.
        started: when the job started, UTC.
    """
    name = f"{started:%Y/%m/%d/%H}/{uuid.uuid4()}.json"
    sides = {"input": [item.source for item in work], "output": [item.target for item in work]}
    for side, locations in sides.items():
        folder = capture.destination.key.rstrip("/")
        key = "/".join(part for part in (folder, side, name) if part)
        target = Location(capture.destination.bucket, key)
        store.put(target, manifest_of(locations), capture.kms_key_id)


def manifest_of(locations: Sequence[Location]) -> bytes:
    """A manifest: the common folder, then each object below it."""
    keys = [location.key for location in locations]
    folder = _common_folder(keys)
    prefix = {"prefix": Location(locations[0].bucket, folder).uri}
    return json.dumps([prefix, *(key.removeprefix(folder) for key in keys)], indent=4).encode()


def _common_folder(keys: Sequence[str]) -> str:
    first, last = min(keys), max(keys)
    same = next(
        (
            index
            for index, (one, other) in enumerate(zip(first, last, strict=False))
            if one != other
        ),
        min(len(first), len(last)),
    )
    return first[: first.rfind("/", 0, same) + 1]


async def run_job(
    job: Job,
    folder: Path,
    *,
    on_started: Callable[[], None],
    launch: Launch = launch_here,
) -> None:
    """Run a job until every object has its output.

    Args:
        job: the job.
        folder: folder for the instances' disks.
        on_started: called once, when the first container is healthy.
        launch: starts a container.

    Raises:
        JobFailure: the job ends Failed. Complete outputs stay.
    """
    _check(job)
    begun = datetime.now(UTC)
    store, logs = Store(), logs_client()
    shares = asyncio.create_task(_list(job, store))
    disks = folder / "instances"
    started = _once(on_started)
    try:
        failures = await _together(
            [
                Instance(
                    job=job,
                    folder=disks / str(index),
                    store=store,
                    logs=logs,
                    launch=launch,
                    started=begun,
                    on_healthy=started,
                ).run(partial(_share, shares, index))
                for index in range(job.instance_count)
            ]
        )
    finally:
        shares.cancel()
        shutil.rmtree(disks, ignore_errors=True)
    if job.capture and not failures:
        work = [item for share in shares.result() for item in share]
        await asyncio.to_thread(write_manifests, job.capture, work, store, started=begun)
    if failures:
        kinds = {failure.kind for failure in failures}
        kind = "AlgorithmError" if "AlgorithmError" in kinds else "ClientError"
        raise JobFailure(f"{kind}: {SEE_LOGS}")


def _check(job: Job) -> None:
    try:
        processing_of(job)
    except ValueError as error:
        raise JobFailure(f"ClientError: {error}") from error


async def _list(job: Job, store: Store) -> list[list[Work]]:
    return partition(await asyncio.to_thread(list_work, job, store), job.instance_count)


async def _share(shares: asyncio.Task[list[list[Work]]], index: int) -> Sequence[Work]:
    return (await asyncio.shield(shares))[index]


async def _together(
    runs: Sequence[Coroutine[None, None, list[ObjectFailure]]],
) -> list[ObjectFailure]:
    """The failures of all instances. The first that fails the job stops the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run) for run in runs]
    except ExceptionGroup as errors:  # Python 3.11.2's except* wraps what is raised in it again
        failures, others = errors.split(JobFailure)
        if failures is None or others is not None:
            raise
        raise failures.exceptions[0] from None
    return [failure for task in tasks for failure in task.result()]


def _once(call: Callable[[], None]) -> Callable[[], None]:
    calls = iter([call])

    def first() -> None:
        next(calls, lambda: None)()

    return first
