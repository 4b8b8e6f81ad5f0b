"""Services that throttle, refuse, answer late, or do the work and lose the answer."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.executions import failing, summary_of
from tests.faults import processes
from tests.faults.app import TYPES
from tests.faults.fault import Fault
from tests.faults.requests import answered, refused
from tests.faults.run import Run, kill
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.fault import Act

_CREATE, _DESCRIBE = "sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob"
_INVOKE: Final = "lambda:InvokeFunction"
_FUNCTIONS: Final = {"Plan": "plan.json", "Reconcile": "/results/", "Summarize": "summary.json"}
"""The functions, and a key that each writes at its end."""
_NOTHING: Final = "Nothing: the request is repeated"


def _function(run: Run, name: str) -> str:
    listed = run.deployment.client("lambda").list_functions()["Functions"]
    (found,) = {one["FunctionName"] for one in listed if f"{name}" in one["FunctionName"]}
    return str(found)


def _at_work(name: str, hurt: Callable[[Run, str], None]) -> tuple[Act, Act]:
    """Hurt a function while it writes its last object, which takes it a second more."""

    def before(run: Run) -> None:
        late = {"action": "s3:PutObject", "about": _FUNCTIONS[name], "how": "wait", "seconds": 1.5}
        run.deployment.sandbox.faults(requests=[late])

    def act(run: Run) -> None:
        deadline = time.monotonic() + 60
        while run.deployment.sandbox.faults()["requests"] and time.monotonic() < deadline:
            time.sleep(0.02)
        run.pause(1.0)
        run.mark()
        hurt(run, _function(run, name))

    return before, act


def _kill(run: Run, function: str) -> None:
    for process in processes.find(run.deployment.sandbox, "function"):
        if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == function:
            kill(process)


def _time_out(name: str) -> Act:
    """Give a function ten seconds, while S3 takes twelve to write one object."""

    def before(run: Run) -> None:
        client, function = run.deployment.client("lambda"), _function(run, name)
        late = {"action": "s3:PutObject", "about": _FUNCTIONS[name], "how": "wait", "seconds": 12}
        run.deployment.sandbox.faults(requests=[late])
        for seconds, do in ((900, run.undo.append), (10, _now)):
            arguments = {"FunctionName": function, "Timeout": seconds}
            do(partial(client.update_function_configuration, **arguments))

    return before


def _now(call: Callable[[], object]) -> None:
    call()


def _jobs_once(run: Run) -> None:
    """Each shard had one job: none ran twice."""
    names = [job["TransformJobName"] for job in run.deployment.jobs(run.arn)]
    shards = json.loads(run.ended["output"])["plan"]["shards"]
    assert len(names) == summary_of(run.ended)["jobs"] == shards, names


def _no_capacity(run: Run) -> None:
    """No type has capacity until a job was refused several times."""
    run.mark()
    run.deployment.sandbox.faults(no_capacity=[f"ml.{name}" for name in TYPES])
    deadline, wanted = time.monotonic() + 60, run.random.randint(3, 8)
    while len(run.deployment.jobs(run.arn)) < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    run.deployment.sandbox.faults(no_capacity=[])


def _stop_event(run: Run) -> None:
    """The late event of an earlier end: the function Stop is called while the run goes on."""
    run.job()
    run.pause(0.5)
    run.mark()
    ended = int(time.time() - 120) * 1000
    event = {"execution": run.arn, "jobs": "tfbatch-dev-", "ended": ended}
    lambda_ = run.deployment.client("lambda")
    lambda_.invoke(FunctionName=_function(run, "Stop"), Payload=json.dumps(event))


def _twice(run: Run) -> None:
    """The same event again, after the run."""
    again = run.deployment.execute(run.request)
    assert json.loads(again["output"])["duplicate"] is True, again


def _of_function(name: str) -> tuple[Fault, ...]:
    before, act = _at_work(name, _kill)
    return (
        Fault(
            name=f"{name} is refused with 429",
            act=refused(_INVOKE, "TooManyRequestsException", status=429, about=name),
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


FAULTS: Final = (
    Fault(
        name="CreateTransformJob is throttled",
        act=refused(_CREATE, "ThrottlingException", status=400, most=8),
        after=_jobs_once,
        seen="Nothing: the workflow waits and repeats",
    ),
    Fault(
        name="CreateTransformJob makes the job and answers 500",
        act=answered(_CREATE, "fail", status=500, code="InternalFailure"),
        after=_jobs_once,
        seen="Nothing: the request is repeated with the job's name, and finds the job",
    ),
    Fault(
        name="CreateTransformJob makes the job and its answer is lost",
        act=answered(_CREATE, "drop"),
        after=_jobs_once,
        seen="Nothing: the request is repeated with the job's name, and finds the job",
    ),
    Fault(
        name="DescribeTransformJob is throttled",
        act=refused(_DESCRIBE, "ThrottlingException", status=400, most=8),
        after=_jobs_once,
        seen="Nothing: the workflow looks again",
    ),
    Fault(
        name="DescribeTransformJob answers 503",
        act=refused(_DESCRIBE, "ServiceUnavailable", status=503),
        after=_jobs_once,
        seen="Nothing: the workflow looks again",
    ),
    Fault(
        name="The first instance type has no capacity",
        before=lambda run: run.deployment.sandbox.faults(no_capacity=[f"ml.{TYPES[0]}"]),
        act=Run.mark,
        seen="Jobs with CapacityError in the summary, and one of the next type",
    ),
    Fault(
        name="No instance type has capacity for a while",
        act=_no_capacity,
        seen="Jobs with CapacityError in the summary, until a type has capacity",
    ),
    Fault(
        name="No instance type has capacity",
        before=lambda run: run.deployment.sandbox.faults(
            no_capacity=[f"ml.{name}" for name in TYPES]
        ),
        act=Run.mark,
        outcome="failed",
        error=fields.NO_CAPACITY,
        lost="the run: nothing was predicted",
        seen="`NoCapacity`, with the types that were tried",
    ),
    Fault(
        name="A job ends with an internal error",
        before=lambda run: run.deployment.sandbox.faults(internal_errors=run.random.randint(1, 3)),
        act=Run.mark,
        seen="One more job in the summary",
    ),
    *(fault for name in _FUNCTIONS for fault in _of_function(name)),
    Fault(
        name="EventBridge delivers the end of an earlier execution late",
        act=_stop_event,
        seen="Nothing: jobs that began after that end are not stopped",
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
        act=refused("events:PutEvents", "InternalException", status=500),
        seen=_NOTHING,
    ),
    Fault(
        name="SNS refuses the notification for a while",
        act=refused("sns:Publish", "InternalError", status=500),
        seen=_NOTHING,
    ),
    Fault(
        name="SNS refuses every notification",
        act=lambda run: run.refuse(
            failing("sns:Publish", "AuthorizationError", status=403, times=1000)
        ),
        outcome="failed",
        error=fields.NOT_NOTIFIED,
        seen="`NotNotified`: the cause says that all results are there, and what SNS said",
    ),
    Fault(
        name="KMS denies the key of some outputs",
        act=refused("s3:PutObject", "AccessDenied", status=403, about=".out"),
        seen="One more job in the summary",
    ),
    Fault(
        name="KMS denies the key of every output",
        act=lambda run: run.refuse(
            failing("s3:PutObject", "AccessDenied", status=403, about=".out", times=10_000)
        ),
        outcome="accounts",
        lost="`tfbatch retry` predicts the exceptions",
        seen="Exceptions with S3's words",
    ),
    Fault(
        name="A clock is wrong, and S3 refuses the signature",
        act=refused("s3:PutObject", "RequestTimeTooSkewed", status=403, about=".out"),
        seen="One more job in the summary",
    ),
)
