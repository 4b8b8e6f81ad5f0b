"""People who stop, repeat and deploy while a run goes on."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final

from tests.executions import summary_of
from tests.faults import world
from tests.faults.fault import COUNT, Fault

if TYPE_CHECKING:
    from tests.faults.run import Run

_DEPLOYED: Final = 3
_PATIENCE_SECONDS: Final = 60.0


def _stop(run: Run) -> None:
    run.pause(3.0)
    run.mark()
    run.deployment.client("stepfunctions").stop_execution(executionArn=run.arn)


def _stop_with_job(run: Run) -> None:
    run.job()
    run.pause(1.0)
    run.mark()
    run.deployment.client("stepfunctions").stop_execution(executionArn=run.arn)


def _runs_again(run: Run) -> None:
    assert summary_of(run.again())["outputs"] == COUNT


def _stop_job(run: Run) -> None:
    name = run.job()["TransformJobName"]
    run.pause(0.5)
    run.mark()
    run.deployment.client("sagemaker").stop_transform_job(TransformJobName=name)


def _retry_is_stopped(run: Run) -> None:
    """Start the request again, stop that run, and start it a third time."""
    arn = run.deployment.start(run.request)
    run.pause(2.0)
    run.deployment.client("stepfunctions").stop_execution(executionArn=arn)
    assert run.deployment.wait(arn)["status"] == "ABORTED"
    _runs_again(run)


def _same_key(run: Run) -> None:
    run.mark()
    run.notes["others"] = [run.deployment.start(run.request) for _ in range(2)]


def _one_ran(run: Run) -> None:
    """One of the executions did the work, and the others say which."""
    ends = [run.ended, *map(run.deployment.wait, run.notes["others"])]
    outputs = [json.loads(one["output"]) for one in ends]
    (worked,) = (
        end for end, output in zip(ends, outputs, strict=True) if not output.get("duplicate")
    )
    run.ended = worked


def _drop_twice(run: Run) -> None:
    """Upload the same request file twice within a second."""
    run.mark()
    sfn, machine = run.deployment.client("stepfunctions"), run.deployment.outputs["StateMachineArn"]
    listed = sfn.list_executions(stateMachineArn=machine)["executions"]
    run.notes["before"] = {one["executionArn"] for one in listed}
    for _ in range(2):
        body = json.dumps(run.request).encode()
        run.deployment.upload("inbox", {f"{run.folder}.request.json": body})
        run.pause(0.8)


def _each_upload_ran(run: Run) -> None:
    """Every execution of the file ends, and each that isn't a duplicate has all outputs."""
    sfn, machine = run.deployment.client("stepfunctions"), run.deployment.outputs["StateMachineArn"]
    deadline, started = time.monotonic() + _PATIENCE_SECONDS, set[str]()
    while len(started) < 2 and time.monotonic() < deadline:  # uploads
        listed = sfn.list_executions(stateMachineArn=machine)["executions"]
        started = {one["executionArn"] for one in listed} - run.notes["before"]
        time.sleep(0.2)
    ends = [run.deployment.wait(arn) for arn in started]
    worked = [one for one in ends if not json.loads(one["output"]).get("duplicate")]
    assert worked
    assert [summary_of(one)["outputs"] for one in worked] == [COUNT] * len(worked)


def _deploy(run: Run) -> None:
    """Deploy another version of the model's code while the run's jobs are at work."""
    sandbox = run.deployment.sandbox
    late = {"action": "s3:GetObject", "about": f"{run.folder}/", "how": "wait", "seconds": 8}
    sandbox.faults(requests=[late | {"times": 4}])
    run.job()
    run.mark()
    world.deploy(run.deployment, version=_DEPLOYED)
    run.undo.append(lambda: world.deploy(run.deployment))


FAULTS: Final = (
    Fault(
        name="A person stops a run",
        act=_stop,
        after=_runs_again,
        outcome="stopped",
        lost="what wasn't done; the same request runs again",
        seen="`ABORTED`; its jobs are stopped",
    ),
    Fault(
        name="A person stops a run while its jobs work",
        act=_stop_with_job,
        after=_runs_again,
        outcome="stopped",
        lost="what wasn't done; the same request runs again",
        seen="`ABORTED`; its jobs are stopped",
    ),
    Fault(
        name="A person stops a run, starts it again, and stops that",
        act=_stop,
        after=_retry_is_stopped,
        outcome="stopped",
        lost="what wasn't done; the same request runs again",
        seen="`ABORTED` twice; its jobs are stopped",
    ),
    Fault(
        name="A person stops a transform job",
        act=_stop_job,
        seen="A stopped job in the summary, and one that does the rest",
    ),
    Fault(
        name="Three requests with one key start at once",
        request={"key": "at-once"},
        act=_same_key,
        after=_one_ran,
        seen="One runs, and the others say `duplicate` and name it",
    ),
    Fault(
        name="The same request file is uploaded twice within a second",
        act=_drop_twice,
        after=_each_upload_ran,
        seen="A run for each upload",
    ),
    Fault(
        name="A person deploys during a run",
        act=_deploy,
        seen="Nothing: the run goes on with its model",
    ),
)
