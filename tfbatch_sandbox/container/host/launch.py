"""Starts the containers of transform jobs and endpoints."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from tfbatch_sandbox.container.docker import VARIABLES
from tfbatch_sandbox.container.host.environment import (
    OF_THE_IMAGE,
    container_environment,
)
from tfbatch_sandbox.container.profile import profile_of
from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.processes.system import PORTABLE
from tfbatch_sandbox.transform.sending import Address

if TYPE_CHECKING:
    from tfbatch_sandbox.transform.job import Job, Model

    class Environment(Protocol):
        """Makes a container's variables."""

        def __call__(self, *, port_range: tuple[int, int], region: str) -> dict[str, str]:
            """From its ports and its region."""


_LOWEST: Final = 10_000
_HIGHEST: Final = 32_000
"""Below the system's ports for outgoing connections."""
_TRIES: Final = 200


def free_block(count: int) -> int:
    """The first of ``count`` consecutive free ports.

    Raises:
        OSError: none was found.
    """
    for _ in range(_TRIES):
        first = random.randrange(_LOWEST, _HIGHEST - count)  # noqa: S311 (spreads, keeps no secret)
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise OSError(f"no {count} free ports in a row between {_LOWEST} and {_HIGHEST}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


Started = tuple[supervision.Process, Address]
"""A process, whose standard output is its log, and its address."""

Launch = Callable[["Job", Path], Started]
"""Starts a job's container from its unpacked artifact."""

_PORTS: Final = 32
MODEL_SERVER: Final = "SANDBOX_MODEL_SERVER"
"""Names TensorFlow Serving's program, to run instead of the sandbox's model server."""
CONTAINER_ENGINE: Final = "SANDBOX_CONTAINER_ENGINE"
"""Names a Docker-compatible program, to run the models' own images."""


def launch_here(job: Job, artifact: Path) -> Started:
    """Start a transform job's container as a process of this machine."""
    return launch(job.model, artifact, environment=partial(container_environment, job))


def launch(model: Model, artifact: Path, *, environment: Environment) -> Started:
    """Start a container: the sandbox's own, or the model's image.

    An isolated container of the sandbox listens on a Unix socket, because it has no network.
    """
    port = free_block(_PORTS)
    ports = (port + 1, port + _PORTS - 1)
    if CONTAINER_ENGINE in os.environ:
        return _run_image(model, artifact, environment, port, ports), Address(port)
    command = [sys.executable, "-m", "tfbatch_sandbox.container", "--model-dir", str(artifact)]
    command += ["--image-version", profile_of(model.image).version]
    if MODEL_SERVER in os.environ:
        command += ["--model-server", os.environ[MODEL_SERVER]]
    if PORTABLE in os.environ:
        command.append("--portable")
    if model.network_isolation:
        # Not in the job's folder: the path of a Unix socket is limited to about a hundred
        # characters.
        address = Address(Path(tempfile.mkdtemp(prefix="tfbatch-")) / "socket")
        command += ["--isolated", "--socket", str(address.where)]
    else:
        address = Address(port)
        command += ["--port", str(port)]
    return spawn(command, environment, port_range=ports), address


def _run_image(
    model: Model, artifact: Path, environment: Environment, port: int, ports: tuple[int, int]
) -> supervision.Process:
    command = [sys.executable, "-m", "tfbatch_sandbox.container.docker", "--image", model.image]
    command += ["--engine", os.environ[CONTAINER_ENGINE], "--model-dir", str(artifact)]
    command += ["--port", str(port), *(["--isolated"] if model.network_isolation else [])]
    variables = environment(port_range=ports, region=_region())
    own = {  # of the image's, not of this machine's
        name: value
        for name, value in variables.items()
        if name not in OF_THE_IMAGE or value != os.environ.get(name)
    }
    return supervision.spawn(
        command,
        environment=os.environ | {VARIABLES: json.dumps(own)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def spawn(
    command: list[str], environment: Environment, *, port_range: tuple[int, int]
) -> supervision.Process:
    """Start a process with exactly SageMaker's environment and its log on standard output."""
    return supervision.spawn(
        command,
        environment=environment(port_range=port_range, region=_region()),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _region() -> str:
    return os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
