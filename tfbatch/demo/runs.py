"""Runs the executions of the demo, all at once."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from tfbatch.aws.execution import new_name
from tfbatch.aws.job_log import JobLog
from tfbatch.demo.errors import DemoError
from tfbatch.watch.observer import Observer
from tfbatch.watch.snapshot import SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch.demo.deployment import Deployment
    from tfbatch.demo.display import Display
    from tfbatch.demo.job_lines import JobLines
    from tfbatch.watch.snapshot import Snapshot

_POLL_SECONDS = 0.5
_LAST_LINES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The request of an execution."""

    title: str
    format: str
    """The request's ``format``."""
    folder: str
    """Folder in the input bucket."""
    model: str


def transform(display: Display, deployed: Deployment, runs: Sequence[Run]) -> list[str]:
    """Run them to their end, and show their progress.

    Args:
        display: shows a line for each.
        deployed: the deployed stacks.
        runs: what to run.

    Returns:
        The output folder of each, ``s3://bucket/prefix/``.

    Raises:
        DemoError: one of them failed.
    """
    with display.jobs(tuple(run.title for run in runs)) as lines:
        observers = {run: _start(run, deployed) for run in runs}
        looks = {run: observer.look() for run, observer in observers.items()}
        while any(one.is_running for one in looks.values()):
            time.sleep(_POLL_SECONDS)
            looks = {run: observer.look() for run, observer in observers.items()}
            for run, snapshot in looks.items():
                _show(lines, run, snapshot)
    return [snapshot.report["output"] for snapshot in looks.values() if snapshot.report]


def _start(run: Run, deployed: Deployment) -> Observer:
    request = {
        "input": f"s3://{deployed.input_bucket}/{run.folder}/",
        "model": run.model,
        "format": run.format,
    }
    started = boto3.client("stepfunctions").start_execution(
        stateMachineArn=deployed.state_machine,
        name=new_name(run.folder),
        input=json.dumps(request),
    )
    return Observer.of(boto3.Session(), started["executionArn"])


def _show(lines: JobLines, run: Run, snapshot: Snapshot) -> None:
    """Show the state of a run. Raises with the end of its jobs' logs if it failed."""
    lines.show(run.title, snapshot.shards[0] if snapshot.shards else None)
    if snapshot.is_running or snapshot.status == SUCCEEDED:
        return
    error = DemoError(f"{snapshot.error or snapshot.status}: {snapshot.cause or 'no cause'}")
    for job in snapshot.jobs:  # the logs are deleted with the sandbox
        last = list(JobLog(logs=boto3.client("logs"), job=job.name).new_lines())[-_LAST_LINES:]
        error.add_note("\n".join((f"The end of the log of {job.name}:", *last)))
    raise error
