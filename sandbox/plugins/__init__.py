"""What moto lacks or gets wrong, one small file each; every file says which and why.

A plug-in is put into moto when the first request for its service comes: moto imports its services
lazily, and so do we, for some take seconds.
"""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import create_backend_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from sandbox.plugins.runtime import Runtime

OF_SERVICE = {
    "core": ("operation_models",),  # of all services
    "iam": ("roles",),
    "s3": ("bucket_policies", "object_keys"),
    "events": ("event_targets",),
    "awslambda": ("lambdas", "function_logs"),
    "sagemaker": ("models", "transform_jobs", "endpoint_configs", "endpoints"),
    "sagemakerruntime": ("invocations",),
    "scheduler": ("schedules",),
    "applicationautoscaling": ("scaling",),
    "stepfunctions": (
        "definitions",
        "jsonata",
        "context_object",
        "executions",
        "execution_events",
        "sagemaker_sync",
        "sdk_bodies",
        "sdk_names",
        "sdk_errors",
        "role_clients",
        "machine_roles",
        "execution_logs",
    ),
    # CloudFormation makes resources of all services without asking their servers.
    "cloudformation": (
        "templates",
        "change_sets",
        "stacks",
        "state_machines",
        "buckets",
        "custom_resources",
        "topic_policies",
        "ssm_parameters",
        "scaling_resources",
        "alarms",
        "termination_protection",
        "route_tables",
    ),
}
_NEEDED_BY_CLOUDFORMATION = (
    "iam",
    "scheduler",
    "s3",
    "events",
    "awslambda",
    "sagemaker",
    "applicationautoscaling",
    "stepfunctions",
)


class Plugins:
    """The plug-ins of one running server."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.RLock()
        self._installed: set[str] = set()
        self._stops: list[Callable[[], None]] = []

    def create_app(self, service: str) -> Flask:
        """The application that answers for a service, named as moto's package of it."""
        self.install_for(service)
        return create_backend_app(service)

    def install_for(self, service: str) -> None:
        """Put in what belongs to ``service``, once."""
        with self._lock:
            if service in self._installed:
                return
            self._installed.add(service)
            if service == "cloudformation":
                for needed in _NEEDED_BY_CLOUDFORMATION:
                    self.install_for(needed)
            for name in OF_SERVICE.get(service, ()):
                plugin = importlib.import_module(f"{__name__}.{name}")
                stop = plugin.install(self._runtime)
                if stop is not None:
                    self._stops.append(stop)

    def stop(self) -> None:
        """Stop the processes that plug-ins have started."""
        for stop in self._stops:
            stop()
