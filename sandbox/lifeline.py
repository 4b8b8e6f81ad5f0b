"""No process outlives the one that started it, however that one ends.

A child is started in a session of its own, so that Ctrl-C in a terminal reaches only the
outermost process, which then stops the others in order. What holds when there is no order (a
``kill -9`` of the parent) is the lifeline: a pipe whose write end only the parent has. When the
parent is gone the child reads its end of file and terminates itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import IO, TYPE_CHECKING, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_VARIABLE = "TFBATCH_LIFELINE_FD"
_GRACE_SECONDS = 5.0


class Options(TypedDict, total=False):
    """What :func:`spawn` passes on, as ``subprocess.Popen`` describes it."""

    cwd: Path | None
    stdin: int
    stdout: int | IO[bytes]
    stderr: int | IO[bytes]
    pass_fds: tuple[int, ...]


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    **options: Unpack[Options],
) -> subprocess.Popen[bytes]:
    """Start ``command`` on a lifeline held by this process.

    The command must call :func:`hold` early; one that can't (a program that isn't ours) still
    gets a session of its own and is stopped by :func:`stop`.

    Args:
        command: program and arguments; no shell.
        environment: the child's whole environment; this process's when ``None``.
        options: of ``subprocess.Popen``; without ``stdin`` there is nothing to read.
    """
    read_end, write_end = os.pipe()
    env = dict(os.environ if environment is None else environment) | {_VARIABLE: str(read_end)}
    try:
        process = subprocess.Popen(
            list(command),
            env=env,
            start_new_session=True,
            cwd=options.get("cwd"),
            stdin=options.get("stdin", subprocess.DEVNULL),
            stdout=options.get("stdout"),
            stderr=options.get("stderr"),
            pass_fds=(read_end, *options.get("pass_fds", ())),
        )
    except BaseException:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    # Kept on the process object: the pipe closes when the parent forgets or loses the child.
    process.lifeline = open(write_end, "wb", buffering=0)  # type: ignore[attr-defined] # noqa: SIM115, PTH123
    return process


def hold() -> None:
    """Terminate this process's whole session when the process that started it is gone.

    Does nothing in a process that :func:`spawn` did not start. Processes further down that do not
    call :func:`spawn` themselves (gunicorn's workers) are in the same session and end with it.
    """
    descriptor = os.environ.pop(_VARIABLE, None)
    if descriptor is not None:
        threading.Thread(target=_watch, args=(int(descriptor),), daemon=True).start()


def _watch(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)


def stop(
    process: subprocess.Popen[bytes],
    *,
    grace_seconds: float = _GRACE_SECONDS,
    first: signal.Signals = signal.SIGTERM,
) -> int:
    """Stop a spawned process and its session.

    Args:
        process: what :func:`spawn` returned.
        grace_seconds: how long it may take to end by itself; then it gets SIGKILL.
        first: the signal that asks it to.

    Returns:
        The exit status, as ``Popen.returncode`` gives it.
    """
    _signal_session(process, first)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace_seconds)
    _signal_session(process, signal.SIGKILL)
    process.lifeline.close()  # type: ignore[attr-defined]
    return process.wait()


def _signal_session(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
