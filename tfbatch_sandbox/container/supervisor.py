"""Starts the container's processes in order, and restarts those that exit."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tfbatch_sandbox.container import tensorflow_serving
from tfbatch_sandbox.container.fitting import FOLDER
from tfbatch_sandbox.model_server.discovery import find_models
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tfbatch_sandbox.container.profile import Profile
    from tfbatch_sandbox.container.settings import Settings

_log = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.03
_WATCH_SECONDS: Final = 0.5
_GRACE_SECONDS: Final = 1.5


class ContainerError(Exception):
    """The container can't start. The message is the last line of its log."""


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """The processes of one container."""

    model_dir: Path
    """Stands for ``/opt/ml/model``."""
    bind: str
    """The address of the service: ``127.0.0.1:PORT``, or ``unix:PATH``."""
    refuses_connections: bool
    """Whether the service must isolate itself, because there is no network namespace."""
    model_server: str | None
    """TensorFlow Serving's program; ``None`` for the sandbox's model server."""
    profile: Profile
    settings: Settings
    _model_servers: list[supervision.Process] = field(default_factory=list)
    _gunicorn: supervision.Process | None = None
    _default_model_name: str = ""

    def start(self) -> None:
        """Start the model servers, and the service when they have loaded.

        Raises:
            ContainerError: the artifact is wrong.
        """
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        models = find_models(self.model_dir)
        if not models:
            raise ContainerError("no SavedModel bundles found!")
        self._default_model_name = self.settings.default_model_name or models[0].name
        _log.info("using default model name: %s", self._default_model_name)
        count = len(self.settings.ports)
        self._model_servers = [self._start_model_server(index) for index in range(count)]
        for index in range(count):
            self._wait_for_model(index)
        self._install_requirements()
        self._gunicorn = self._start_gunicorn()
        self._wait_for_gunicorn(self._gunicorn)

    def watch(self) -> None:
        """Restart processes that exit. A restarted model server is not waited for."""
        while True:
            time.sleep(_WATCH_SECONDS)
            for index, process in enumerate(self._model_servers):
                if process.poll() is not None:
                    _log.warning(
                        "unexpected tensorflow serving exit (status: %s). restarting.",
                        process.returncode,
                    )
                    self._model_servers[index] = self._start_model_server(index)
            if self._gunicorn is not None and self._gunicorn.poll() is not None:
                _log.warning(
                    "unexpected gunicorn exit (status: %s). restarting.", self._gunicorn.returncode
                )
                self._gunicorn = self._start_gunicorn()

    def stop(self) -> None:
        """Stop all processes of the container at once."""
        for process in self._model_servers:
            process.terminate()
        if self._gunicorn is not None:
            # At SIGTERM it would wait for idle connections, whose callers have gone. To the master
            # alone: a second signal would end a worker while it logs.
            self._gunicorn.send_signal(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._gunicorn.wait(_GRACE_SECONDS)
            supervision.stop(self._gunicorn, grace_seconds=0)
        for process in self._model_servers:
            supervision.stop(process, grace_seconds=_GRACE_SECONDS)

    def _start_model_server(self, index: int) -> supervision.Process:
        process = supervision.spawn(self._model_server_command(index))
        _log.info("started tensorflow serving (pid: %d)", process.pid)
        return process

    def _model_server_command(self, index: int) -> list[str]:
        settings = self.settings
        if self.model_server is not None:
            return tensorflow_serving.command(
                self.model_server,
                model_dir=self.model_dir,
                ports=settings.ports[index],
                settings=settings,
            )
        command = [
            sys.executable,
            "-m",
            "tfbatch_sandbox.model_server",
            "--model-dir",
            str(self.model_dir),
        ]
        command += ["--port", str(settings.ports[index][0])]
        command += ["--rest-port", str(settings.ports[index][1])]
        command += ["--intra-op-parallelism", str(settings.intra_op_parallelism)]
        command += ["--inter-op-parallelism", str(settings.inter_op_parallelism)]
        return command + self._batching_flags()

    def _batching_flags(self) -> list[str]:
        batching = self.settings.batching
        if batching is None:
            return []
        flags = {
            "--max-batch-size": batching.max_batch_size,
            "--batch-timeout-micros": batching.batch_timeout_micros,
            "--num-batch-threads": batching.num_batch_threads,
            "--max-enqueued-batches": batching.max_enqueued_batches,
        }
        pairs = [text for name, value in flags.items() for text in (name, str(value))]
        return ["--enable-batching", *pairs]

    def _wait_for_model(self, index: int) -> None:
        seconds = self.settings.wait_seconds
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self._model_servers[index].poll()
            if status is not None:
                raise ContainerError(f"tensorflow serving exited during startup: rc={status}")
            if _is_available(self.settings.ports[index][1], self._default_model_name):
                return
            time.sleep(_POLL_SECONDS)
        raise ContainerError(f"Timed out after {seconds} seconds")

    def _install_requirements(self) -> None:
        code = self.model_dir / "code"
        if not (code / "requirements.txt").exists():
            return
        if (code / "lib").exists():
            _log.warning("loading modules in '%s', ignoring requirements.txt", code / "lib")
            return
        _log.info("installing packages from requirements.txt...")
        # Beside the artifact, not into this Python, where other jobs would find them.
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
        command += ["--target", str(self._installed), "-r", str(code / "requirements.txt")]
        if subprocess.run(command, check=False).returncode:
            _log.error("failed to install required packages, exiting.")
            raise ContainerError("failed to install required packages.")

    @property
    def _installed(self) -> Path:
        return self.model_dir.parent / "site-packages"

    def _start_gunicorn(self) -> supervision.Process:
        command = [sys.executable, "-m", "tfbatch_sandbox.container.gunicorn_app"]
        command += ["--model-dir", str(self.model_dir), "--version", self.profile.version]
        command += ["--bind", self.bind]
        command += ["--refuse-connections"] if self.refuses_connections else []
        process = supervision.spawn(command, environment=os.environ | self._service_environment())
        _log.info("started gunicorn (pid: %d)", process.pid)
        return process

    def _wait_for_gunicorn(self, process: supervision.Process) -> None:
        """A script that can't be imported ends the container, as from 2.20 on.

        Older images restart gunicorn until SageMaker gives up after half an hour, which helps
        nobody.
        """
        while not _listens(self.bind):
            if process.poll() is not None:
                raise ContainerError(f"gunicorn exited during startup: rc={process.returncode}")
            time.sleep(_POLL_SECONDS)

    def _service_environment(self) -> dict[str, str]:
        code = self.model_dir / "code"
        fitting = sorted((self.model_dir.parent / FOLDER).glob("*"))
        paths: Sequence[Path] = [*fitting, code, code / "lib", self._installed]
        return {
            "TFS_GRPC_PORTS": ",".join(str(grpc) for grpc, _ in self.settings.ports),
            "TFS_REST_PORTS": ",".join(str(rest) for _, rest in self.settings.ports),
            "TFS_DEFAULT_MODEL_NAME": self._default_model_name,
            "PYTHONPATH": os.pathsep.join(str(path) for path in paths if path.exists()),
        }


def _listens(bind: str) -> bool:
    family = socket.AF_UNIX if bind.startswith("unix:") else socket.AF_INET
    with socket.socket(family) as probe:
        host, _, port = bind.rpartition(":")
        address = port if family == socket.AF_UNIX else (host, int(port))
        return probe.connect_ex(address) == 0


def _is_available(rest_port: int, model_name: str) -> bool:
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{rest_port}/v1/models/{model_name}", timeout=5
        ) as reply:
            versions = json.load(reply)["model_version_status"]
    except (OSError, ValueError, KeyError):
        return False
    return all(version["state"] == "AVAILABLE" for version in versions)
