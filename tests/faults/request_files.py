"""Request files that a person uploads, and the executions that they start."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from tests.executions import summary_of

if TYPE_CHECKING:
    from tests.faults.run import Run

_PATIENCE_SECONDS: Final = 60.0


def upload(run: Run, times: int) -> None:
    """Upload the run's request as one file so many times, within a second each."""
    run.mark()
    run.notes |= {"before": {one["executionArn"] for one in _listed(run)}, "uploads": times}
    for _ in range(times):
        body = json.dumps(run.request).encode()
        run.deployment.upload("inbox", {f"{run.folder}.request.json": body})
        run.pause(0.8)


def executions(run: Run) -> list[dict[str, Any]]:
    """The ended executions of the uploads, the oldest first."""
    deadline, started = time.monotonic() + _PATIENCE_SECONDS, list[str]()
    while len(started) < run.notes["uploads"] and time.monotonic() < deadline:
        arns = [one["executionArn"] for one in reversed(_listed(run))]
        started = [arn for arn in arns if arn not in run.notes["before"]]
        time.sleep(0.2)
    return [run.deployment.wait(arn) for arn in started]


def check(run: Run) -> None:
    """Every execution of the file ends, and each that isn't a duplicate has all outputs."""
    ends = executions(run)
    assert len(ends) == run.notes["uploads"], ends
    worked = [one for one in ends if not json.loads(one["output"]).get("duplicate")]
    assert worked
    assert [summary_of(one)["outputs"] for one in worked] == [len(run.inputs)] * len(worked)


def _listed(run: Run) -> list[dict[str, Any]]:
    """The newest executions first."""
    machine = run.deployment.outputs["StateMachineArn"]
    sfn = run.deployment.client("stepfunctions")
    found: list[dict[str, Any]] = sfn.list_executions(stateMachineArn=machine)["executions"]
    return found
