"""One handler under the container's process model: gunicorn, one worker, a stub behind it."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.handler.load import CpuTime, Payload, exchange, send
from tfbatch_cdk.model import vendoring
from tfbatch_cdk.settings import HANDLER_LOCK
from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY = Path(__file__).parents[2]
OURS = REPOSITORY / "model_code"
RIVALS = Path(__file__).parent / "handlers"
RUNTIME = vendoring.Runtime(
    python=".".join(platform.python_version_tuple()[:2]),
    platform=f"{platform.machine()}-manylinux_2_28",
)
WITHOUT_VENDORED = Path(__file__).parent / "without"
"""Comes first on the path of an artifact whose ``code/lib`` lacks the handler's C extensions."""
_READY_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a request took, on average, in seconds."""

    cpu: float
    """Of the worker."""
    seconds: float
    """Of the clock, divided by the requests: the inverse of the throughput."""
    queued: float
    """That the worker was ready to run and other processes had the processors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """A running worker."""

    address: Path
    process: int

    def send(self, payload: Payload, *, count: int, concurrency: int) -> Usage:
        """Send a payload ``count`` times and see what it took."""
        before = CpuTime.of(self.process)
        seconds = asyncio.run(send(self.address, payload, count=count, concurrency=concurrency))
        after = CpuTime.of(self.process)
        return Usage(
            cpu=(after.used - before.used) / count,
            seconds=seconds / count,
            queued=(after.queued - before.queued) / count,
        )


@contextmanager
def running(
    script: Path,
    *,
    latency: float = 0.0,
    environment: Mapping[str, str] | None = None,
    is_vendored: bool = True,
) -> Iterator[Worker]:
    """Run a handler: our package, or one of the scripts beside this file."""
    with tempfile.TemporaryDirectory() as temporary:
        model = Path(temporary)
        _unpack(script, model / "code")
        if not is_vendored:
            shutil.rmtree(model / "code" / "lib")
        address, rest, grpc = model / "socket", _free_port(), _free_port()
        known = {"PATH": os.environ["PATH"], "TF_CPP_MIN_LOG_LEVEL": "3"}
        ports = {"TFS_REST_PORTS": str(rest), "TFS_GRPC_PORTS": str(grpc)}
        lib = model / "code" / "lib" if is_vendored else WITHOUT_VENDORED
        container = {"TFS_DEFAULT_MODEL_NAME": "model", "PYTHONPATH": f"{model / 'code'}:{lib}"}
        env = known | ports | container | dict(environment or {})
        stub = [sys.executable, "-m", "benchmarks.handler.stub", str(rest), str(grpc), str(latency)]
        service = [sys.executable, "-m", "benchmarks.handler.service", "--version", "2.20"]
        service += ["--model-dir", str(model), "--bind", f"unix:{address}"]
        with (model / "log").open("wb") as log:
            processes = [
                supervision.spawn(command, environment=env, cwd=REPOSITORY, stdout=log, stderr=log)
                for command in (stub, service)
            ]
            _prefer(processes[0].pid)
            try:
                _wait(address, model / "log")
                yield Worker(address=address, process=_youngest_child(processes[1].pid))
            finally:
                for process in processes:
                    supervision.stop(process)


def _prefer(process: int) -> None:
    """Let neither the stub nor this client wait for a processor, where the machine permits it."""
    with suppress(PermissionError):
        for preferred in (process, 0):
            os.setpriority(os.PRIO_PROCESS, preferred, -10)


def _unpack(script: Path, code: Path) -> None:
    """Lay ``code/`` out as the artifact has it, with the packages for this Python."""
    if script.is_dir():
        shutil.copytree(script, code, ignore=shutil.ignore_patterns("__pycache__"))
        for name, file in vendoring.packages([HANDLER_LOCK], RUNTIME).items():
            (code / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, code / "lib" / name)
    else:
        code.mkdir()
        shutil.copy(script, code / "inference.py")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: Path, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            asyncio.run(exchange(address, b"GET /ping HTTP/1.0\r\n\r\n"))
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the service did not start:\n{log.read_text()}")


def _youngest_child(process: int) -> int:
    """Gunicorn's worker, by its master."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return max(map(int, children))
