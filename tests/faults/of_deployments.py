"""Faults with a deployment of their own, or that a deployment doesn't outlive."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Final

from tests.executions import failing, photos, summary_of
from tests.faults import processes, world
from tests.faults.fault import Fault
from tests.faults.invariant import check, leftovers
from tfbatch_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psutil  # type: ignore[import-untyped]

    from tests.deployment import Deployment
    from tests.faults.run import Run

_PATIENCE_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1
_CROWD: Final = 100
_STUB: Final = (sys.executable, "-m", "benchmarks.soak.stub_job")
_DESCRIBE: Final = "sagemaker:DescribeTransformJob"


@contextlib.contextmanager
def crowded(run: Run) -> Iterator[Deployment]:
    """Throttle DescribeTransformJob until a hundred shards have a job, in a sandbox of their own.

    Its jobs are stubs that write a line for each object.
    """
    given = run.deployment
    stubs = world.world(shard=1, transform_command=_STUB, concurrent_transform_jobs=_CROWD)
    with stubs as run.deployment:
        run.inputs = photos(_CROWD)
        run.known = leftovers(run)
        run.deployment.upload(run.folder, run.inputs)
        run.start()
        run.refuse(failing(_DESCRIBE, "ThrottlingException", status=400, times=10_000))
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (count := _at_work(run)) < _CROWD and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        assert count == _CROWD, f"{count} jobs of {_CROWD}"
        run.pause()
        run.deployment.sandbox.faults(requests=[])
        run.end()
        check(run, "outputs")
        assert summary_of(run.ended)["jobs"] == _CROWD
    yield given


def _at_work(run: Run) -> int:
    """The number of the jobs that were made. The workflow has seen no end of one."""
    sagemaker = run.deployment.client("sagemaker")
    return len(sagemaker.list_transform_jobs(MaxResults=_CROWD)["TransformJobSummaries"])


@contextlib.contextmanager
def killed(run: Run) -> Iterator[Deployment]:
    """Kill the sandbox during a run; yields what is deployed in another one.

    Raises:
        AssertionError: a process stays, or the same run doesn't work there.
    """
    sandbox = run.deployment.sandbox
    run.deployment.upload(run.folder, run.inputs)
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
        assert summary_of(run.again())["outputs"] == len(run.inputs)
        yield deployment


@contextlib.contextmanager
def destroyed(run: Run) -> Iterator[Deployment]:
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
    yield run.deployment


def _alive(sandbox: Sandbox) -> list[psutil.Process]:
    return [one for one in processes.of_sandbox(sandbox) if one.pid != sandbox.process.pid]


def _wait_for_none(look: Callable[[], set[str]]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (left := look()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    assert not left, f"these stay: {sorted(left)}"


FAULTS: Final = (
    Fault(
        name="DescribeTransformJob is throttled while 100 jobs are at work",
        alone=crowded,
        seen="Nothing: the workflow looks again",
    ),
    Fault(
        name="The sandbox is killed during a run, and started again",
        alone=killed,
        lost="what was in the sandbox: it keeps nothing. Deploy and upload again",
        seen="Connections are refused; `tfbatch sandbox up` starts another",
    ),
    Fault(
        name="A person destroys the stage during a run",
        alone=destroyed,
        lost="the run and the stage's buckets, as with `retain_data` off",
        seen="The execution is gone with its state machine; its jobs are stopped",
    ),
)
"""In the order in which they can happen."""
