"""Processes that are killed, or stand still for a while, at a random moment of a run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tests.faults import processes
from tests.faults.fault import TWO_SHARDS, Fault
from tests.faults.run import hold, kill

if TYPE_CHECKING:
    from collections.abc import Callable

    import psutil  # type: ignore[import-untyped]

    from tests.faults.fault import Act
    from tests.faults.run import Run

_HELD_SECONDS: Final = 3.0
_FORK_SERVER: Final = "fork server"
_OF_CONTAINERS: Final = ("container", "gunicorn", "worker", "model server")
"""Programs that are hurt when they serve: what fails before gives the shard up, as documented."""


def _find(run: Run, program: str) -> list[psutil.Process]:
    return processes.find(run.deployment.sandbox, program)


def _slow(run: Run) -> None:
    """Let each input take a while, so that the containers are at work for longer."""
    late = {"action": "s3:GetObject", "about": f"{run.folder}/", "how": "wait"}
    run.deployment.sandbox.faults(requests=[late | {"seconds": 0.8, "times": 1000}])


def _hurt(program: str, hurt: Callable[[psutil.Process], object], times: int = 1) -> Act:
    """Hurt a process of a program; one of a container only when it serves."""

    def act(run: Run) -> None:
        for number in range(times):
            if program in _OF_CONTAINERS and not run.serves(number + 1):
                return
            hurt(run.victim(partial(_find, run, program)))

    return act


def killed(program: str, *, times: int = 1) -> Act:
    """Kill a process of a program, as often as asked."""
    return _hurt(program, kill, times)


def held(program: str) -> Act:
    """Stop a process of a program with SIGSTOP, and let it go on later."""
    return _hurt(program, partial(hold, seconds=_HELD_SECONDS))


FAULTS: Final = (
    Fault(
        name="The transform engine is killed",
        inputs=TWO_SHARDS,
        act=killed("engine"),
        seen="The job ends with InternalServerError, and a second one of the round does the work",
    ),
    Fault(
        name="The container's first process is killed",
        inputs=TWO_SHARDS,
        before=_slow,
        act=killed("container"),
        seen="The job ends with AlgorithmError, and one more job does what is missing",
    ),
    Fault(
        name="The container's first process is killed in up to three jobs",
        before=_slow,
        act=killed("container", times=3),
        outcome="accounts",
        seen="Outputs, or exceptions with the job's name and AlgorithmError",
        lost="`tfbatch retry` predicts the exceptions",
    ),
    Fault(
        name="gunicorn is killed",
        before=_slow,
        act=killed("gunicorn"),
        seen="Nothing: it is started again, and the requests are repeated",
    ),
    Fault(
        name="One of two gunicorn workers is killed",
        before=_slow,
        act=killed("worker"),
        seen="Nothing: it is started again, and the requests are repeated",
    ),
    Fault(
        name="The model server is killed",
        before=_slow,
        act=killed("model server"),
        seen="Nothing: it is started again, and the handler waits for it",
    ),
    Fault(
        name="A Lambda function's process is killed",
        act=killed("function"),
        seen="Nothing: the workflow calls the function again",
    ),
    Fault(
        name="The fork server is killed",
        inputs=TWO_SHARDS,
        act=killed(_FORK_SERVER),
        seen="Nothing: what it forked goes on, and another one is started",
    ),
    Fault(
        name="The transform engine stands still",
        act=held("engine"),
        seen="A longer job",
    ),
    Fault(
        name="The container's first process stands still",
        before=_slow,
        act=held("container"),
        seen="Nothing: the service and the model server go on",
    ),
    Fault(
        name="A gunicorn worker stands still",
        before=_slow,
        act=held("worker"),
        seen="A longer job",
    ),
    Fault(
        name="The model server stands still",
        before=_slow,
        act=held("model server"),
        seen="A longer job",
    ),
    Fault(
        name="A Lambda function's process stands still",
        act=held("function"),
        seen="A longer call of the function",
    ),
    Fault(
        name="The fork server stands still",
        act=held(_FORK_SERVER),
        seen="Programs start later",
    ),
)
