"""Faults of API requests: some are refused, some wait, some are done with a spoilt answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.executions import failing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.faults.fault import Spoilt
    from tests.faults.run import Run


_WAIT_SECONDS: Final = 4.0
LAST_WRITTEN: Final = {"Plan": "plan.json", "Reconcile": "/results/", "Summarize": "summary.json"}
"""The functions, and a text in the key that each writes at its end."""
_MOMENTS: Final = (
    *(("s3:PutObject", text) for text in LAST_WRITTEN.values()),
    ("s3:GetObject", "{folder}/"),
    ("s3:PutObject", ".out"),
)
"""Requests that a run makes once at least: an action, and a text in it."""


def waiting(run: Run) -> Mapping[str, Any]:
    """Let one request of a run wait, chosen at random, so that its end can't come first."""
    action, about = run.random.choice(_MOMENTS)
    about = about.format(folder=run.folder)
    return {"action": action, "about": about, "how": "wait", "seconds": _WAIT_SECONDS, "times": 1}


def stop_waiting(run: Run, arn: str) -> None:
    """Stop an execution at a random moment while a request of it waits; see :func:`waiting`."""
    run.until_asked()
    run.pause(_WAIT_SECONDS / 2)
    run.stop(arn)


def stop_midway(run: Run, start: Callable[[], str]) -> None:
    """Start another execution of a run, stop it at a random moment, and wait for its end."""
    run.refuse(waiting(run))
    arn = start()
    stop_waiting(run, arn)
    assert run.deployment.wait(arn)["status"] == "ABORTED"


def refused(action: str, code: str, *, status: int, most: int = 4, about: str = "") -> Spoilt:
    """Refuse between one and ``most`` requests.

    Args:
        action: of the requests.
        code: the error's code.
        status: its HTTP status.
        most: the most requests.
        about: a text in the request; ``{folder}`` is the run's.
    """

    def spoilt(run: Run) -> Mapping[str, Any]:
        text, times = about.format(folder=run.folder), run.random.randint(1, most)
        return failing(action, code, status=status, about=text, times=times)

    return spoilt


def answered(action: str, how: str, *, about: str = "", most: int = 2, **more: object) -> Spoilt:
    """Do the work of some requests, and spoil the answer. Arguments: see :func:`refused`."""

    def spoilt(run: Run) -> Mapping[str, Any]:
        text, times = about.format(folder=run.folder), run.random.randint(1, most)
        return {"action": action, "how": how, "about": text, "times": times, **more}

    return spoilt
