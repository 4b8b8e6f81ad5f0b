"""Runs a child program to its end, with its output in a log that is shown if it fails."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tfbatch_sandbox.processes import supervision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LAST_LINES = 15


class CommandError(Exception):
    """A program failed. The message has the end of its log and the log's path."""


def run(
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a program and wait. It ends if this process ends.

    Args:
        command: program and arguments; no shell.
        log: gets its standard output and error.
        cwd: its working directory.
        environment: its whole environment; ``None`` for this process's.

    Raises:
        CommandError: its exit code was not 0.
    """
    with log.open("wb") as file:
        process = supervision.spawn(
            [sys.executable, "-m", "tfbatch_sandbox.processes.supervise", *command],
            environment=environment,
            cwd=cwd,
            stdout=file,
            stderr=file,
        )
        try:
            code = process.wait()
        finally:
            supervision.stop(process)
    if code:
        lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        program = " ".join((Path(command[0]).name, *command[1:2]))
        raise CommandError(
            "\n".join((f"{program} ended with exit code {code}. The end of {log}:", *lines))
        )
