"""``python -m tfbatch_sandbox.container.gunicorn_app``: the service under gunicorn, as on AWS.

It imports the user's ``inference.py`` once, before the workers are forked.
"""

# ruff: noqa: E402  (the patch must come before the imports that it patches)
from tfbatch_sandbox.processes import supervision

supervision.hold()

import gevent.monkey

gevent.monkey.patch_all()

import argparse
import atexit
import gc
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import falcon
import grpc  # type: ignore[import-untyped]
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from tfbatch_sandbox.container import isolation
from tfbatch_sandbox.container.direct import DirectInvocations, DirectPing
from tfbatch_sandbox.container.handlers import default_handler, load_handler
from tfbatch_sandbox.container.nginx import Nginx
from tfbatch_sandbox.container.profile import PROFILES
from tfbatch_sandbox.container.service import Invocations, Ping, application
from tfbatch_sandbox.container.settings import Settings

_PYTHON_CODE = ("inference.py", "requirements.txt", "lib")
_KEEPALIVE_SECONDS = 75  # what nginx would do in front of gunicorn
_QUIT_SECONDS = 1.0
_POLL_SECONDS = 0.005


class _Arbiter(Arbiter):  # type: ignore[misc]
    """Gunicorn's master, which ends as soon as its workers have ended."""

    def kill_workers(self, sig: int) -> None:
        """Wait for workers that quit at once; gunicorn would wait 0.2 s."""
        super().kill_workers(sig)
        deadline = time.monotonic() + _QUIT_SECONDS
        while sig == signal.SIGQUIT and self.WORKERS and time.monotonic() < deadline:
            self.reap_workers()
            time.sleep(_POLL_SECONDS)


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """Gunicorn with an application that exists already."""

    def __init__(self, app: Nginx, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Nginx:
        return self._app


def _invocations(model_dir: Path, version: str, settings: Settings) -> Invocations:
    profile = PROFILES[version]
    script = model_dir / "code" / "inference.py"
    has_script = script.exists()
    return Invocations(
        handler=load_handler(script, profile) if has_script else default_handler(profile),
        is_default_handler=not has_script,
        profile=profile,
        rest_ports=tuple(os.environ["TFS_REST_PORTS"].split(",")),
        channels={
            port: grpc.insecure_channel(f"localhost:{port}")
            for port in os.environ["TFS_GRPC_PORTS"].split(",")
        },
        default_model_name=os.environ["TFS_DEFAULT_MODEL_NAME"],
        timeout=settings.wait_seconds,
    )


def _application(
    model_dir: Path, version: str, settings: Settings
) -> falcon.App[falcon.Request, falcon.Response]:
    """The Python service if the artifact has Python code, else nginx's behavior alone."""
    if any((model_dir / "code" / name).exists() for name in _PYTHON_CODE):
        return application(Ping(), _invocations(model_dir, version, settings))
    rest_ports = tuple(os.environ["TFS_REST_PORTS"].split(","))
    name = os.environ["TFS_DEFAULT_MODEL_NAME"]
    return application(
        DirectPing(rest_ports=rest_ports, default_model_name=name),
        DirectInvocations(
            profile=PROFILES[version], rest_ports=rest_ports, default_model_name=name
        ),
    )


def main(*, model_dir: Path, version: str, bind: str, refuse_connections: bool) -> None:
    """Import the handler and serve until stopped."""
    logging.basicConfig(
        format="%(process)d %(asctime)s %(levelname)-8s %(message)s",
        force=True,
        level=logging.INFO,
    )
    if refuse_connections:
        isolation.refuse_connections()
    atexit.register(gc.freeze)  # at exit the interpreter would collect garbage in everything
    settings = Settings.of(os.environ, PROFILES[version])
    app = Nginx(_application(model_dir, version, settings), settings.proxy_read_timeout_seconds)
    options = {
        "bind": bind,
        "worker_class": settings.gunicorn_worker_class,
        "workers": settings.gunicorn_workers,
        "threads": settings.gunicorn_threads,
        "timeout": settings.gunicorn_timeout_seconds,
        "loglevel": settings.gunicorn_log_level,
        "keepalive": _KEEPALIVE_SECONDS,
        "control_socket_disable": True,
        "proc_name": f"tfbatch_sandbox.container {model_dir} at {bind}",
        "worker_int": lambda _: sys.exit(),  # gunicorn's worker would wait a tenth of a second
    }
    _Arbiter(_Gunicorn(app, options)).run()


def _arguments() -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-dir", type=Path, required=True)
    parser.add_argument("--version", choices=PROFILES, required=True)
    parser.add_argument("--bind", required=True)
    parser.add_argument("--refuse-connections", action="store_true")
    return vars(parser.parse_args())


if __name__ == "__main__":
    main(**_arguments())
