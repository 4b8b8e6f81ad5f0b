"""EventBridge that is late, repeats itself or changes the order, and SNS that refuses."""

from __future__ import annotations

import json
import time
from typing import Final

from tests.executions import failing, summary_of
from tests.faults import request_files
from tests.faults.fault import Fault
from tests.faults.requests import refused
from tests.faults.run import Run
from tfbatch_cdk.workflow import fields

_NOTHING: Final = "Nothing: the request is repeated"
_LATE_SECONDS: Final = 8.0
_ENDED: Final = frozenset({"Completed", "Failed", "Stopped"})
_PATIENCE_SECONDS: Final = 120.0


def _stop_event(run: Run) -> None:
    """The late event of an earlier end: the function Stop is called while the run goes on."""
    run.job()
    run.pause(0.5)
    run.mark()
    ended = int(time.time() - 120) * 1000
    event = {"execution": run.arn, "jobs": "tfbatch-dev-", "ended": ended}
    lambda_ = run.deployment.client("lambda")
    lambda_.invoke(FunctionName=run.function("Stop"), Payload=json.dumps(event))


def _late_stop(run: Run) -> None:
    """Stop the run while its jobs work; the event of its end is late."""
    run.job()
    run.pause(0.5)
    run.mark()
    run.deployment.sandbox.faults(
        late_events=[run.random.uniform(_LATE_SECONDS / 2, _LATE_SECONDS)]
    )
    run.stop()


def _runs_beside(run: Run) -> None:
    """The event comes while the same request runs again."""
    assert summary_of(run.again())["outputs"] == len(run.inputs)


def _slow_job(run: Run) -> None:
    create = {"action": "sagemaker:CreateTransformJob", "how": "wait", "seconds": 3}
    read = {"action": "s3:GetObject", "about": f"{run.folder}/", "how": "wait", "seconds": 5}
    run.deployment.sandbox.faults(requests=[read | {"times": 1000}, create])


def _stop_before_job(run: Run) -> None:
    """Stop the run while SageMaker makes its job. In the sandbox, its end waits for the request."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(run.deployment.sandbox.faults()["requests"]) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    run.mark()
    run.stop()
    while time.monotonic() < deadline:
        jobs = run.deployment.jobs(run.arn)
        if jobs and jobs[0]["TransformJobStatus"] in _ENDED:
            break
        time.sleep(0.2)
    (job,) = jobs
    assert job["TransformJobStatus"] == "Stopped", job


def _twice(run: Run) -> None:
    """The same event again, after the run."""
    again = run.deployment.execute(run.request)
    assert json.loads(again["output"])["duplicate"] is True, again


def _swap(run: Run) -> None:
    """Upload a request file, replace it, and let the second event come first."""
    late = run.random.uniform(_LATE_SECONDS / 2, _LATE_SECONDS)
    run.deployment.sandbox.faults(late_events=[late, 0])
    request_files.upload(run, 2)


def _in_wrong_order(run: Run) -> None:
    request_files.check(run)
    started = [json.loads(one["input"])["request_file"] for one in request_files.executions(run)]
    first, second = (one["sequencer"] for one in started)
    assert first > second, "the second upload's event comes first"


FAULTS: Final = (
    Fault(
        name="EventBridge delivers the end of an earlier execution late",
        act=_stop_event,
        seen="Nothing: jobs that began after that end are not stopped",
    ),
    Fault(
        name="EventBridge delivers the end of a stopped run late",
        act=_late_stop,
        after=_runs_beside,
        outcome="stopped",
        lost="what wasn't done; the same request runs again",
        seen="`ABORTED`; its jobs work on until the event comes, and those of another run go on",
    ),
    Fault(
        name="A run is stopped while CreateTransformJob is under way",
        before=_slow_job,
        act=_stop_before_job,
        outcome="stopped",
        lost="what wasn't done; the same request runs again",
        seen="`ABORTED`; the job that is made then is stopped",
    ),
    Fault(
        name="EventBridge delivers the events of two uploads late and in the wrong order",
        act=_swap,
        after=_in_wrong_order,
        seen="A run for each upload, of the request file as it is then",
    ),
    Fault(
        name="EventBridge delivers an event twice",
        request={"key": "delivered-twice"},
        act=Run.mark,
        after=_twice,
        seen="The second execution says `duplicate`, and does nothing",
    ),
    Fault(
        name="EventBridge refuses the run's event for a while",
        requests=refused("events:PutEvents", "InternalException", status=500),
        seen=_NOTHING,
    ),
    Fault(
        name="SNS refuses the notification for a while",
        requests=refused("sns:Publish", "InternalError", status=500),
        seen=_NOTHING,
    ),
    Fault(
        name="SNS refuses every notification",
        requests=lambda _: failing("sns:Publish", "AuthorizationError", status=403, times=1000),
        outcome="failed",
        error=fields.NOT_NOTIFIED,
        seen="`NotNotified`: the cause says that all results are there, and what SNS said",
    ),
)
