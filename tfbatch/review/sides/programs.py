"""Runs the synthesizer and cfn-lint in child processes, and stops them on an error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.review.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SYNTHESIZER = Path(__file__).with_name("synthesizer.py")
_LINTER = Path(__file__).with_name("linter.py")
_TOOLS = ("aws-cdk-lib", "constructs", "cdk-nag", "cfn-lint")
_LAST_LINES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A checkout to synthesize."""

    root: Path
    output: Path
    """One folder per stage: the cloud assembly, the settings and cfn-lint's findings."""
    stages: Sequence[str] | None = None
    """``None``: every stage of the checkout."""
    name: str = ""
    """For messages."""


def identity() -> str:
    """Return what an assembly depends on besides the checkout: programs, tools and Python."""
    tools = [f"{tool} {version(tool)}" for tool in _TOOLS]
    return "\n".join([_SYNTHESIZER.read_text(), _LINTER.read_text(), sys.version, *tools])


def is_whole(output: Path) -> bool:
    """Whether a job has finished."""
    return (output / "stages.json").is_file()


def run(jobs: Sequence[Job], *, lint_cache: Path | None) -> None:
    """Synthesize and lint checkouts, one after another.

    Args:
        jobs: the checkouts, in this order.
        lint_cache: a folder of findings by template; ``None`` skips the linter.

    Raises:
        ReviewError: a job failed; the message names it and ends with its last output.
    """
    with tempfile.TemporaryDirectory(prefix="tfbatch-review-") as directory:
        listing, log = Path(directory) / "jobs.json", Path(directory) / "log"
        listing.write_text(json.dumps([asdict(job) for job in jobs], default=str))
        reader = [sys.executable, "-P", str(_LINTER), str(lint_cache)] if lint_cache else ["cat"]
        codes = _pipe(
            [sys.executable, "-P", str(_SYNTHESIZER), str(listing)],
            reader,
            log=log,
            environment=_environment(Path(directory)),
        )
        if any(codes):
            end = "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
            failed = next((job for job in jobs if not is_whole(job.output)), jobs[-1])
            raise ReviewError(f"{failed.name or failed.root} can't be synthesized:\n{end}")


def _pipe(
    first: Sequence[str], second: Sequence[str], *, log: Path, environment: Mapping[str, str]
) -> tuple[int, int]:
    """Pipe one program into another, and return both exit codes."""
    with (
        log.open("wb") as file,
        subprocess.Popen(
            first, env=environment, stdout=subprocess.PIPE, stderr=file, start_new_session=True
        ) as making,
        subprocess.Popen(
            second,
            env=environment,
            stdin=making.stdout,
            stdout=file,
            stderr=file,
            start_new_session=True,
        ) as reading,
    ):
        if making.stdout:
            making.stdout.close()
        try:
            made = making.wait()
            _kill(making)  # jsii's Node.js may outlive the Python process that started it
            return made, reading.wait()
        finally:
            _kill(making)
            _kill(reading)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a child's process group, and wait for the child."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(temporary: Path) -> dict[str, str]:
    """Return a child's environment: no credentials, and a temporary folder that is deleted.

    jsii and the CDK leave their temporary folders behind when they are killed.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS", "CDK"))}
    path = os.pathsep.join((str(Path(sys.executable).parent), own.get("PATH", "")))
    return own | {"PATH": path, "AWS_EC2_METADATA_DISABLED": "true", "TMPDIR": str(temporary)}
