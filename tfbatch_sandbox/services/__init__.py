"""Extensions of moto: what it lacks or gets wrong, by AWS service.

An extension is installed at the first request for its service, because moto imports its services
lazily and some take seconds.
"""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tfbatch_sandbox.services.runtime import Runtime

OF_SERVICE = {
    "core": ("backends", "operation_models", "accounts"),  # of all services
    "iam": ("iam.roles",),
    "s3": (
        *("s3.bucket_policies", "s3.object_keys", "s3.object_listings"),
        *("s3.object_events", "s3.conditional_writes"),
    ),
    "kms": ("kms.key_policies",),
    "ec2": ("ec2.shared_vpcs", "ec2.vpc_endpoints"),
    "events": ("events.event_targets",),
    "logs": ("logs.log_group_keys",),
    "awslambda": ("lambda_.functions", "lambda_.function_logs", "lambda_.function_subnets"),
    "sagemaker": (
        "sagemaker.models",
        "sagemaker.tags",
        "sagemaker.transform_jobs",
        "sagemaker.endpoint_configs",
        "sagemaker.endpoints",
    ),
    "sagemakerruntime": ("sagemaker.invocations",),
    "scheduler": ("events.schedules",),
    "applicationautoscaling": ("autoscaling.scaling",),
    "stepfunctions": (
        "stepfunctions.definitions",
        "stepfunctions.interpreter",
        "stepfunctions.jsonata",
        "stepfunctions.executions",
        "stepfunctions.execution_events",
        "stepfunctions.sagemaker_sync",
        "stepfunctions.sdk_integration",
        "stepfunctions.lost_answers",
        "stepfunctions.role_clients",
        "stepfunctions.machine_roles",
        "stepfunctions.execution_logs",
    ),
    # CloudFormation creates resources of all services without their servers.
    "cloudformation": (
        "cloudformation.templates",
        "cloudformation.change_sets",
        "cloudformation.stacks",
        "cloudformation.exports",
        "cloudformation.drift.detection",
        "stepfunctions.state_machines",
        "s3.buckets",
        "cloudformation.custom_resources",
        "cloudformation.topic_policies",
        "cloudformation.ssm_parameters",
        "autoscaling.scaling_resources",
        "cloudformation.alarms",
        "cloudformation.vpc_resources",
    ),
}
_NEEDED_BY_CLOUDFORMATION = (
    "ec2",
    "iam",
    "scheduler",
    "s3",
    "events",
    "logs",
    "awslambda",
    "sagemaker",
    "applicationautoscaling",
    "stepfunctions",
)


class Extensions:
    """The extensions of one running server."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.RLock()
        self._installed: set[str] = set()
        self._stops: list[Callable[[], None]] = []

    def create_app(self, service: str) -> Flask:
        """The application of a service, by the name of moto's package."""
        # Not for every module of this package: the runtime of functions is one.
        from moto.moto_server.werkzeug_app import create_backend_app  # noqa: PLC0415

        self.install_for(service)
        return create_backend_app(service)

    def install_for(self, service: str) -> None:
        """Install the extensions of ``service``, once.

        If one can't be installed, each request to the service fails: moto alone isn't the sandbox.
        """
        with self._lock:
            if service in self._installed:
                return
            self._installed.add(service)
            try:
                self._install(service)
            except BaseException:
                self._installed.remove(service)
                raise

    def _install(self, service: str) -> None:
        if service == "cloudformation":
            for needed in _NEEDED_BY_CLOUDFORMATION:
                self.install_for(needed)
        for name in OF_SERVICE.get(service, ()):
            extension = importlib.import_module(f"{__name__}.{name}")
            stop = extension.install(self._runtime)
            if stop is not None:
                self._stops.append(stop)

    def stop(self) -> None:
        """Stop the child processes of extensions."""
        for stop in self._stops:
            stop()
