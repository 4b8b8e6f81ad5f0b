"""SageMaker's API that throttles, loses answers, and has no capacity."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final

from tests.executions import failing, summary_of
from tests.faults.app import TYPES
from tests.faults.fault import TWO_SHARDS, Fault
from tests.faults.requests import answered, refused
from tests.faults.run import Run
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from tests.faults.fault import Act

_CREATE, _DESCRIBE = "sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob"
_MINUTE, _HOUR = 60, 3600
_WAIT_SECONDS: Final = 0.2
"""How long a Wait state lasts when hours are to pass."""
_PATIENCE_SECONDS: Final = 90.0
_TYPES: Final = [f"ml.{name}" for name in TYPES]


def _jobs_once(run: Run) -> None:
    """Each shard had one job: none ran twice."""
    names = [job["TransformJobName"] for job in run.deployment.jobs(run.arn)]
    shards = json.loads(run.ended["output"])["plan"]["shards"]
    assert len(names) == summary_of(run.ended)["jobs"] == shards, names


def _skip_waits(run: Run) -> None:
    run.deployment.sandbox.faults(longest_wait=_WAIT_SECONDS, skipped_seconds=0)


def _skipped(run: Run) -> float:
    found: float = run.deployment.sandbox.faults()["skipped_seconds"]
    return found


def _until(seconds: float) -> Act:
    """Take the fault away when the workflow has waited so long. Its one shard waits by itself."""

    def act(run: Run) -> None:
        run.mark()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while _skipped(run) < seconds and time.monotonic() < deadline:
            time.sleep(0.02)
        run.check_hurt()
        run.refused = []
        run.deployment.sandbox.faults(no_capacity=[], requests=[])
        assert _skipped(run) >= seconds, _skipped(run)

    return act


def _no_capacity(run: Run) -> None:
    _skip_waits(run)
    run.deployment.sandbox.faults(no_capacity=_TYPES)


def _waited_for_an_hour(run: Run) -> None:
    """It gave up after an hour and not before, and runs when there is capacity."""
    assert run.notes["waited"] >= _HOUR, run.notes
    assert summary_of(run.again())["outputs"] == len(run.inputs)


def _note_waits(run: Run) -> None:
    run.mark()
    run.end()
    run.notes["waited"] = _skipped(run)


FAULTS: Final = (
    Fault(
        name="CreateTransformJob is throttled",
        inputs=TWO_SHARDS,
        requests=refused(_CREATE, "ThrottlingException", status=400, most=8),
        after=_jobs_once,
        seen="Nothing: the workflow waits and repeats",
    ),
    Fault(
        name="CreateTransformJob makes the job and answers 500",
        requests=answered(_CREATE, "fail", status=500, code="InternalFailure"),
        after=_jobs_once,
        seen="Nothing: the request is repeated with the job's name, and finds the job",
    ),
    Fault(
        name="CreateTransformJob makes the job and its answer is lost",
        inputs=TWO_SHARDS,
        requests=answered(_CREATE, "drop"),
        after=_jobs_once,
        seen="Nothing: the request is repeated with the job's name, and finds the job",
    ),
    Fault(
        name="DescribeTransformJob is throttled",
        inputs=TWO_SHARDS,
        requests=refused(_DESCRIBE, "ThrottlingException", status=400, most=8),
        after=_jobs_once,
        seen="Nothing: the workflow looks again",
    ),
    Fault(
        name="DescribeTransformJob answers 503",
        requests=refused(_DESCRIBE, "ServiceUnavailable", status=503),
        after=_jobs_once,
        seen="Nothing: the workflow looks again",
    ),
    Fault(
        name="The first instance type has no capacity",
        inputs=TWO_SHARDS,
        before=lambda run: run.deployment.sandbox.faults(no_capacity=_TYPES[:1]),
        act=Run.mark,
        seen="Jobs with CapacityError in the summary, and one of the next type",
    ),
    Fault(
        name="CreateTransformJob is throttled for a minute",
        before=_skip_waits,
        requests=lambda _: failing(_CREATE, "ThrottlingException", status=400, times=10_000),
        act=_until(_MINUTE),
        after=_jobs_once,
        seen="Nothing: the workflow waits and repeats",
    ),
    Fault(
        name="No instance type has capacity for an hour",
        before=_no_capacity,
        act=_until(_HOUR),
        seen="Jobs with CapacityError in the summary, until a type has capacity",
    ),
    Fault(
        name="No instance type has capacity for longer than the run waits",
        before=_no_capacity,
        act=_note_waits,
        after=_waited_for_an_hour,
        outcome="failed",
        error=fields.NO_CAPACITY,
        lost="the run: nothing was predicted. The same request runs again",
        seen="`NoCapacity`, with the types that were tried and how often",
    ),
    Fault(
        name="A job ends with an internal error",
        inputs=TWO_SHARDS,
        before=lambda run: run.deployment.sandbox.faults(internal_errors=run.random.randint(1, 3)),
        act=Run.mark,
        seen="One more job in the summary",
    ),
)
