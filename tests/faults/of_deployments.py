"""The two faults that a deployment doesn't outlive: its sandbox is killed, its stage destroyed."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from tests.executions import summary_of
from tests.faults import processes, world
from tests.faults.fault import COUNT, Fault
from tests.faults.invariant import leftovers
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psutil  # type: ignore[import-untyped]

    from tests.deployment import Deployment
    from tests.faults.run import Run

_PATIENCE_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1

KILLED: Final = Fault(
    name="The sandbox is killed during a run, and started again",
    lost="what was in the sandbox: it keeps nothing. Deploy and upload again",
    seen="Connections are refused; `tfbatch sandbox up` starts another",
)
DESTROYED: Final = Fault(
    name="A person destroys the stage during a run",
    lost="the run and the stage's buckets, as with `retain_data` off",
    seen="The execution is gone with its state machine; its jobs are stopped",
)
FAULTS: Final = (KILLED, DESTROYED)


@contextlib.contextmanager
def killed(run: Run) -> Iterator[Deployment]:
    """Kill the sandbox during a run; yields what is deployed in another one.

    Raises:
        AssertionError: a process stays, or the same run doesn't work there.
    """
    sandbox = run.deployment.sandbox
    run.start()
    run.job()
    run.pause()
    sandbox.process.kill()
    _wait_for_none(lambda: {f"{one.pid} {processes.words(one)}" for one in _alive(sandbox)})
    sandbox.stop()
    assert not sandbox.temporary.exists()
    with Sandbox.start(state_dir=sandbox.state_dir) as another:
        deployment = world.deployed(another)
        deployment.upload(run.folder, run.inputs)
        run.deployment = deployment
        assert summary_of(run.again())["outputs"] == COUNT
        yield deployment


def destroyed(run: Run) -> None:
    """Destroy the stage during a run.

    Raises:
        AssertionError: an execution, a job, a process or a file stays.
    """
    known = leftovers(run)
    run.deployment.upload(run.folder, run.inputs)
    run.start()
    run.job()
    run.pause()
    world.cdk(run.deployment, "destroy", "--all", "--force")
    run.deployment.outputs.clear()  # type: ignore[attr-defined] # of buckets that are gone
    _wait_for_none(lambda: leftovers(run) - known)


def _alive(sandbox: Sandbox) -> list[psutil.Process]:
    return [one for one in processes.of_sandbox(sandbox) if one.pid != sandbox.process.pid]


def _wait_for_none(look: Callable[[], set[str]]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (left := look()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    assert not left, f"these stay: {sorted(left)}"
