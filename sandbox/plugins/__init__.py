"""What moto lacks or gets wrong, one small file each; every file says which and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.plugins import (
    bucket_policies,
    buckets,
    custom_resources,
    executions,
    jsonata,
    lambdas,
    models,
    sagemaker_sync,
    stacks,
    state_machines,
    transform_jobs,
)
from sandbox.plugins.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.settings import Settings


def install(settings: Settings, *, port: int) -> Callable[[], None]:
    """Put every plug-in into moto, once a process.

    Returns:
        What stops the processes that plug-ins have started.
    """
    runtime = Runtime(settings=settings, port=port)
    jsonata.install()
    executions.install()
    state_machines.install()
    sagemaker_sync.install()
    bucket_policies.install()
    buckets.install(runtime)
    stacks.install()
    lambdas.install(runtime)
    custom_resources.install(runtime)
    models.install(runtime)
    return transform_jobs.install(runtime)
