"""How containers are started: a transform job's, and those behind an endpoint."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from sandbox import lifeline
from sandbox.container.profile import profile_of
from sandbox.transform.environment import container_environment
from sandbox.transform.ports import free_block
from sandbox.transform.sending import Address

if TYPE_CHECKING:
    from sandbox.transform.job import Job, Model

    class Environment(Protocol):
        """Makes a container's variables."""

        def __call__(self, *, port_range: tuple[int, int], region: str) -> dict[str, str]:
            """From the ports it may use, and its region."""


Started = tuple[lifeline.Process, Address]
"""A process (its standard output is its log) that will listen at an address."""

Launch = Callable[["Job", Path], Started]
"""Starts a job's container from its unpacked artifact."""

_PORTS: Final = 32
MODEL_SERVER: Final = "SANDBOX_MODEL_SERVER"
"""Names TensorFlow Serving's own program, for containers to run instead of the sandbox's."""


def launch_here(job: Job, artifact: Path) -> Started:
    """A transform job's container, as a process of this machine."""
    return launch(job.model, artifact, environment=partial(container_environment, job))


def launch(model: Model, artifact: Path, *, environment: Environment) -> Started:
    """The sandbox's own container, as a process of this machine.

    An isolated one listens on a Unix socket: files go where packets can't.
    """
    port = free_block(_PORTS)
    command = [sys.executable, "-m", "sandbox.container", "--model-dir", str(artifact)]
    command += ["--image-version", profile_of(model.image).version]
    if MODEL_SERVER in os.environ:
        command += ["--model-server", os.environ[MODEL_SERVER]]
    if model.network_isolation:
        # Not in the job's folder: a Unix socket's path may have a hundred characters only.
        address = Address(Path(tempfile.mkdtemp(prefix="tfbatch-")) / "container.sock")
        command += ["--isolated", "--socket", str(address.where)]
    else:
        address = Address(port)
        command += ["--port", str(port)]
    return spawn(command, environment, port_range=(port + 1, port + _PORTS - 1)), address


def spawn(
    command: list[str], environment: Environment, *, port_range: tuple[int, int]
) -> lifeline.Process:
    """A process with exactly the environment SageMaker gives, and its log on standard output."""
    region = os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
    return lifeline.spawn(
        command,
        environment=environment(port_range=port_range, region=region),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
