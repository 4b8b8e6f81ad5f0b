"""Starts the synthesizer and the linter in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch.review.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SYNTHESIZER = Path(__file__).with_name("synthesizer.py")
_LINTER = Path(__file__).with_name("linter.py")
_TOOLS = ("aws-cdk-lib", "constructs", "cdk-nag", "cfn-lint")
_LAST_LINES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A checkout to synthesize."""

    root: Path
    output: Path
    """Gets a folder for each stage: its cloud assembly, its settings, cfn-lint's findings."""
    stages: Sequence[str] | None = None
    """``None`` for all of the checkout's stages."""
    name: str = ""
    """For messages."""


def identity() -> str:
    """What an assembly depends on besides the checkout: these programs, the tools, Python."""
    tools = [f"{tool} {version(tool)}" for tool in _TOOLS]
    return "\n".join([_SYNTHESIZER.read_text(), _LINTER.read_text(), sys.version, *tools])


def is_whole(output: Path) -> bool:
    """Whether a job was completed."""
    return (output / "stages.json").is_file()


def run(jobs: Sequence[Job], *, lint_cache: Path | None) -> None:
    """Synthesize and lint checkouts, one after another.

    Args:
        jobs: the checkouts.
        lint_cache: caches findings by template; ``None`` for no linting.

    Raises:
        ReviewError: one failed; the message names it and has the end of its output.
    """
    with tempfile.TemporaryDirectory(prefix="tfbatch-review-") as directory:
        listing, log = Path(directory) / "jobs.json", Path(directory) / "log"
        listing.write_text(json.dumps([asdict(job) for job in jobs], default=str))
        reader = [sys.executable, "-P", str(_LINTER), str(lint_cache)] if lint_cache else ["cat"]
        codes = _pipe([sys.executable, "-P", str(_SYNTHESIZER), str(listing)], reader, log=log)
        if any(codes):
            end = "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
            failed = next((job for job in jobs if not is_whole(job.output)), jobs[-1])
            raise ReviewError(f"{failed.name or failed.root} can't be synthesized:\n{end}")


def _pipe(first: Sequence[str], second: Sequence[str], *, log: Path) -> tuple[int, int]:
    """Run two programs with a pipe between them; returns their exit codes."""
    environment = _environment()
    with (
        log.open("wb") as file,
        subprocess.Popen(first, env=environment, stdout=subprocess.PIPE, stderr=file) as making,
        subprocess.Popen(
            second, env=environment, stdin=making.stdout, stdout=file, stderr=file
        ) as reading,
    ):
        if making.stdout:
            making.stdout.close()
        try:
            return making.wait(), reading.wait()
        except BaseException:
            making.terminate()
            reading.terminate()
            raise


def _environment() -> dict[str, str]:
    """No credentials, no account, and this environment's Node.js."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS", "CDK"))}
    path = os.pathsep.join((str(Path(sys.executable).parent), own.get("PATH", "")))
    return own | {"PATH": path, "AWS_EC2_METADATA_DISABLED": "true"}
