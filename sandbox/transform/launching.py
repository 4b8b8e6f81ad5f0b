"""How a job's containers are started."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox import lifeline
from sandbox.container.profile import profile_of
from sandbox.transform.environment import container_environment
from sandbox.transform.ports import free_block
from sandbox.transform.sending import Address

if TYPE_CHECKING:
    from sandbox.transform.job import Job

Launch = Callable[["Job", Path], tuple[subprocess.Popen[bytes], Address]]
"""From a job and its unpacked artifact to a process (its standard output is its log) that will
listen at an address."""

_PORTS: Final = 32
MODEL_SERVER: Final = "SANDBOX_MODEL_SERVER"
"""Names TensorFlow Serving's own program, for containers to run instead of the sandbox's."""


def launch_here(job: Job, model: Path) -> tuple[subprocess.Popen[bytes], Address]:
    """The sandbox's own container, as a process of this machine.

    An isolated one listens on a Unix socket: files go where packets can't.
    """
    port = free_block(_PORTS)
    command = [sys.executable, "-m", "sandbox.container", "--model-dir", str(model)]
    command += ["--image-version", profile_of(job.model.image).version]
    if MODEL_SERVER in os.environ:
        command += ["--model-server", os.environ[MODEL_SERVER]]
    if job.model.network_isolation:
        # Not in the job's folder: a Unix socket's path may have a hundred characters only.
        address = Address(Path(tempfile.mkdtemp(prefix="tfbatch-")) / "container.sock")
        command += ["--isolated", "--socket", str(address.where)]
    else:
        address = Address(port)
        command += ["--port", str(port)]
    return spawn(command, job, port_range=(port + 1, port + _PORTS - 1)), address


def spawn(command: list[str], job: Job, *, port_range: tuple[int, int]) -> subprocess.Popen[bytes]:
    """A process with exactly the environment SageMaker gives, and its log on standard output."""
    return lifeline.spawn(
        command,
        environment=container_environment(
            job,
            port_range=port_range,
            region=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
