"""Runs the deployed state machine on the photographs in both their forms, side by side."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from tfbatch.execution import Execution, ExecutionError
from tfbatch.job_log import JobLog
from tfbatch.progress import JobWatch, RecordCount

if TYPE_CHECKING:
    from tfbatch.demo.deployment import Deployment
    from tfbatch.demo.display import Display
    from tfbatch.progress import Progress

_POLL_SECONDS = 0.5
_LOG_LAG_SECONDS = 3.0
_LAST_LINES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What one execution is asked for."""

    title: str
    format: str
    """As the request names it."""
    folder: str
    """Of the input bucket."""


JPEG = Run(title="JPEG objects", format="jpeg", folder="photos")
TFRECORD = Run(title="TFRecord files", format="tfrecord", folder="tfrecords")


def transform(display: Display, deployed: Deployment, *, model: str, records: int) -> list[str]:
    """Run both jobs to their end, showing how far they are.

    Args:
        display: shows a line for each.
        deployed: where the data lies and what runs it.
        model: the deployed model's name.
        records: how many each job has to do.

    Returns:
        Where the outputs lie, ``s3://bucket/prefix/``, of JPEG and of TFRecord.

    Raises:
        tfbatch.execution.ExecutionError: one of them failed.
    """
    with display.jobs((JPEG.title, TFRECORD.title)) as lines:
        jobs = [_Job.start(run, deployed, model=model, total=records) for run in (JPEG, TFRECORD)]
        while not all(job.is_done for job in jobs):
            time.sleep(_POLL_SECONDS)
            for job in jobs:
                job.look()
                lines.show(job.run.title, job.progress)
    return [job.output["output"] for job in jobs if job.output]


@dataclass(kw_only=True, slots=True)
class _Job:
    run: Run
    execution: Execution
    total: int
    watch: JobWatch | None = None
    progress: Progress | None = None
    output: dict[str, Any] | None = None
    output_at: float = 0.0

    @classmethod
    def start(cls, run: Run, deployed: Deployment, *, model: str, total: int) -> _Job:
        request = {
            "input": f"s3://{deployed.input_bucket}/{run.folder}/",
            "model": model,
            "format": run.format,
        }
        execution = Execution.start(
            boto3.client("stepfunctions"), state_machine=deployed.state_machine, request=request
        )
        return cls(run=run, execution=execution, total=total)

    @property
    def is_done(self) -> bool:
        """Whether it has succeeded and its logs, which come later, have told of every record."""
        if self.output is None or self.progress is None:
            return self.output is not None
        late = time.monotonic() - self.output_at > _LOG_LAG_SECONDS
        return late or self.progress.records >= self.total

    def look(self) -> None:
        """See how it stands; raises ExecutionError, with the job's last words, when it failed."""
        sagemaker = boto3.client("sagemaker")
        if self.watch is None and (name := self.execution.job(sagemaker)):
            log = JobLog(logs=boto3.client("logs"), job=name)
            self.watch = JobWatch(sagemaker=sagemaker, count=RecordCount(log=log), total=self.total)
        if self.output is None:
            try:
                self.output, self.output_at = self.execution.output(), time.monotonic()
            except ExecutionError as error:
                self._explain(error)
                raise
        if self.watch:
            self.progress = self.watch.look()

    def _explain(self, error: ExecutionError) -> None:
        """Add the end of the job's log, which is gone when the sandbox is."""
        if self.watch:
            log = JobLog(logs=boto3.client("logs"), job=self.watch.count.log.job)
            lines = list(log.new_lines())[-_LAST_LINES:]
            error.add_note("\n".join(("The end of its log:", *lines)))
