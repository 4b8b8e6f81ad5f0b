"""Runs programs of reviewed code: without credentials, with a time limit, and none is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from tfbatch.review.errors import ReviewError
from tfbatch.review.sides.environment import without_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MOST_BYTES = 4 * 1024 * 1024
"""Of what a program prints."""
_LAST_LINES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A program that has ended."""

    code: int
    printed: str
    """The end of its standard output."""
    error: str
    """The end of its standard error."""

    @property
    def last_lines(self) -> str:
        """For messages."""
        return "\n".join((self.printed + self.error).splitlines()[-_LAST_LINES:])


class Runner:
    """Runs the programs of checkouts, and stops them."""

    def __init__(self, temporary: Path, *, seconds: float) -> None:
        """Create it.

        Args:
            temporary: a folder for temporary files, and the home folder.
            seconds: the time limit of each program.
        """
        self._temporary, self._seconds = temporary, seconds
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(
        self, command: Sequence[str], *, folder: Path, name: str, variables: Mapping[str, str]
    ) -> Ended:
        """Run a program in a checkout.

        Args:
            command: the program and its arguments.
            folder: the checkout.
            name: the checkout's name in messages.
            variables: are added to the environment; PATH is put in front of its own.

        Raises:
            ReviewError: it took too long.
        """
        environment = without_credentials(self._temporary)
        path = os.pathsep.join(filter(None, (variables.get("PATH"), environment["PATH"])))
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as error:
            # Files, not pipes: a program of its own that it leaves behind would hold those open.
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**environment, **variables, "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=error,
                start_new_session=True,
            )
            self._wait_for(process, name)
            return Ended(code=process.returncode, printed=_text(said), error=_text(error))

    def stop(self) -> None:
        """Kill every program that runs."""
        for process in list(self._running):
            _kill(process)

    def _wait_for(self, process: subprocess.Popen[bytes], name: str) -> None:
        self._running.add(process)
        try:
            process.wait(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            raise ReviewError(
                f"{name} took more than {self._seconds:g} seconds to synthesize, and was "
                "stopped. Does its code wait for something?"
            ) from None
        finally:
            _kill(process)
            self._running.discard(process)


def _text(file: IO[bytes]) -> str:
    """The end of what a program wrote."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _MOST_BYTES))
    return file.read().decode(errors="replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a child's process group, and wait for the child."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # jsii's Node.js may outlive the Python process
    process.wait()
