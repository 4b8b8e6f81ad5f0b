"""Lambda functions that are refused, or end in the middle of their work."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tests.faults import processes
from tests.faults.fault import Fault
from tests.faults.requests import LAST_WRITTEN, refused
from tests.faults.run import Run, kill

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.fault import Act

_INVOKE: Final = "lambda:InvokeFunction"
_DEPLOYED_SECONDS: Final = 900
_LIMIT_SECONDS, _LATE_SECONDS = 6, 7
"""What a function may take that runs out of time, and what S3 takes then to write an object."""


def _at_work(name: str, hurt: Callable[[Run, str], None]) -> tuple[Act, Act]:
    """Hurt a function while it writes its last object, which takes it a second more."""

    def before(run: Run) -> None:
        late = {
            "action": "s3:PutObject",
            "about": LAST_WRITTEN[name],
            "how": "wait",
            "seconds": 1.5,
        }
        run.deployment.sandbox.faults(requests=[late])

    def act(run: Run) -> None:
        run.until_asked()
        run.pause(1.0)
        run.mark()
        hurt(run, run.function(name))

    return before, act


def _kill(run: Run, function: str) -> None:
    for process in processes.find(run.deployment.sandbox, "function"):
        if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == function:
            kill(process)


def _time_out(name: str) -> Act:
    """Give a function less time than S3 takes to write one object."""

    def before(run: Run) -> None:
        client, function = run.deployment.client("lambda"), run.function(name)
        late = {"action": "s3:PutObject", "about": LAST_WRITTEN[name], "how": "wait"}
        run.deployment.sandbox.faults(requests=[late | {"seconds": _LATE_SECONDS}])
        change = partial(client.update_function_configuration, FunctionName=function)
        run.undo.append(partial(change, Timeout=_DEPLOYED_SECONDS))
        change(Timeout=_LIMIT_SECONDS)

    return before


def _of_function(name: str) -> tuple[Fault, ...]:
    before, act = _at_work(name, _kill)
    return (
        Fault(
            name=f"{name} is refused with 429",
            requests=refused(_INVOKE, "TooManyRequestsException", status=429, about=name),
            seen="Nothing: the workflow calls it again",
        ),
        Fault(
            name=f"{name} runs out of memory",
            before=before,
            act=act,
            seen="Nothing: the workflow calls it again, and it writes the same",
        ),
        Fault(
            name=f"{name} runs out of time",
            before=_time_out(name),
            act=Run.mark,
            seen="Nothing: the workflow calls it again, and it writes the same",
        ),
    )


FAULTS: Final = tuple(fault for name in LAST_WRITTEN for fault in _of_function(name))
