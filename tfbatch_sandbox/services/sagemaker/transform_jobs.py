"""Transform jobs that run. moto's are Completed at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from tfbatch_sandbox.authorization.network import Attachment
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.services.errors import ApiError, refusal
from tfbatch_sandbox.services.sagemaker import (
    api,
    execution_roles,
    models,
    transform_checks,
)
from tfbatch_sandbox.services.sagemaker import transform_views as views
from tfbatch_sandbox.services.sagemaker.transform_job import TransformJob
from tfbatch_sandbox.services.state_folders import below

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from moto.sagemaker.models import SageMakerModelBackend

    from tfbatch_sandbox.services.runtime import Runtime


def install(runtime: Runtime) -> Callable[[], None]:
    """Answer the transform job actions.

    Returns:
        A function that stops every job's process.
    """
    jobs = TransformJobs(runtime)
    api.answer(
        {
            "CreateTransformJob": jobs.create,
            "DescribeTransformJob": jobs.describe,
            "ListTransformJobs": jobs.list,
            "StopTransformJob": jobs.stop,
        }
    )
    return jobs.close


class TransformJobs:
    """The jobs of all regions. moto's backends store those of each region forever."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._slots = threading.Semaphore(runtime.settings.concurrent_transform_jobs)
        self._lock = threading.Lock()
        self._all: list[TransformJob] = []

    def create(self, backend: SageMakerModelBackend, request: dict[str, Any]) -> dict[str, Any]:
        """Start a job, or raise why it can't start."""
        model = models.describe(backend, {"ModelName": request["ModelName"]})
        region = backend.region_name
        transform_checks.check(request, model["ExecutionRoleArn"], self._runtime, region)
        with self._lock:
            job = self._register(backend, request)
        kind = request["TransformResources"]["InstanceType"]
        reason = self._runtime.faults.take_failure(kind) or self._pull_refusal(model)
        run = partial(self._run, job, region, model)
        target = run if reason is None else partial(job.fail, reason)
        threading.Thread(target=target, daemon=True).start()
        return {"TransformJobArn": job.arn}

    def describe(self, backend: SageMakerModelBackend, request: dict[str, Any]) -> dict[str, Any]:
        """All fields of a job."""
        return views.describe(_find(backend, request["TransformJobName"]))

    def list(self, backend: SageMakerModelBackend, request: dict[str, Any]) -> dict[str, Any]:
        """A page of jobs, the newest first."""
        return views.page([*backend.transform_jobs.values()], request)

    def stop(self, backend: SageMakerModelBackend, request: dict[str, Any]) -> None:
        """Ask a job to stop."""
        job = _find(backend, request["TransformJobName"])
        if not job.stop():
            raise refusal(
                f"The request was rejected because the transform job is in status {job.status}.",
            )

    def close(self) -> None:
        """Stop all processes at once."""
        with ThreadPoolExecutor() as pool:
            pool.map(TransformJob.kill, self._all)

    def _register(self, backend: SageMakerModelBackend, request: Mapping[str, Any]) -> TransformJob:
        name = request["TransformJobName"]
        arn = f"arn:aws:sagemaker:{backend.region_name}:{backend.account_id}:transform-job/{name}"
        if name in backend.transform_jobs:
            raise ApiError(
                "ResourceInUse",
                "Job name must be unique within an AWS account and region, and a job with this "
                f"name already exists ({arn})",
            )
        transform_checks.check_quota(
            request["TransformResources"],
            backend.transform_jobs.values(),
            self._runtime.settings.transform_quotas,
        )
        job = TransformJob(request=request, arn=arn, on_change=views.publish)
        backend.transform_jobs[name] = job
        self._all.append(job)
        return job

    def _pull_refusal(self, model: Mapping[str, Any]) -> str | None:
        containers = [model.get("PrimaryContainer", {}), *model.get("Containers", [])]
        image = next((each["Image"] for each in containers if "Image" in each), "")
        return execution_roles.pull_refusal(self._runtime, model["ExecutionRoleArn"], image)

    def _run(self, job: TransformJob, region: str, model: Mapping[str, Any]) -> None:
        """Run a job, and delete what an engine leaves that is killed."""
        state_dir = self._runtime.settings.state_dir
        directory = below(state_dir / "transform-jobs", region, job.transform_job_name)
        # A short name: the path of a Unix socket is limited to about a hundred characters.
        with tempfile.TemporaryDirectory(prefix="j", ignore_cleanup_errors=True) as temporary:
            start = partial(self._spawn, directory, temporary, region, job.request, model)
            job.run(start, self._slots)
        shutil.rmtree(directory / "instances", ignore_errors=True)

    def _spawn(
        self,
        directory: Path,
        temporary: str,
        region: str,
        request: Mapping[str, Any],
        model: Mapping[str, Any],
    ) -> supervision.Process:
        shutil.rmtree(directory, ignore_errors=True)  # of an earlier sandbox
        directory.mkdir(parents=True)
        text = json.dumps({"request": request, "model": model}, default=str, indent=2)
        (directory / "request.json").write_text(text)
        chosen = self._runtime.container_environment() | {"TMPDIR": temporary}
        if self._runtime.faults.take_deafness():
            chosen = {**chosen, "SANDBOX_PING_SECONDS": "0"}
        # Its instances read and write S3 through its VPC, isolated containers too.
        role = execution_roles.assume(
            self._runtime,
            model["ExecutionRoleArn"],
            attachment=Attachment.of(model.get("VpcConfig"), region, "s3"),
        )
        with (directory / "engine.log").open("wb") as log:
            return supervision.spawn(
                [*self._runtime.settings.transform_command, str(directory)],
                environment=self._runtime.environment(region, role) | chosen,
                stdout=subprocess.PIPE,
                stderr=log,
            )


def _find(backend: SageMakerModelBackend, name: str) -> TransformJob:
    if name not in backend.transform_jobs:
        raise refusal(f"Could not find requested job with name: {name}")
    job: TransformJob = backend.transform_jobs[name]
    return job
