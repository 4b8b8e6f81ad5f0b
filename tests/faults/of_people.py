"""People who stop, repeat and deploy while a run goes on."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from tests.executions import photo, photos, summary_of
from tests.faults import request_files, world
from tests.faults.fault import SHARD, TWO_SHARDS, Fault
from tests.faults.requests import stop_midway, stop_waiting, waiting
from tests.paths import REPOSITORY

if TYPE_CHECKING:
    from tests.faults.run import Run

_VERSIONS: Final = itertools.count(3)
"""Of the model's code; each deployment has another."""
_BROKEN: Final = tuple(photos(3))
_INPUTS: Final = photos(SHARD) | dict.fromkeys(_BROKEN, b"this is no photograph")
_RETRY: Final = (sys.executable, "-m", "tfbatch", "retry", "--json")


def _stop(run: Run) -> None:
    stop_waiting(run, run.arn)


def _stop_with_job(run: Run) -> None:
    run.job()
    run.pause(1.0)
    run.mark()
    run.stop()


def _runs_again(run: Run) -> None:
    assert summary_of(run.again())["outputs"] == len(run.inputs)


def _stop_job(run: Run) -> None:
    name = run.job()["TransformJobName"]
    run.pause(0.5)
    run.mark()
    run.deployment.client("sagemaker").stop_transform_job(TransformJobName=name)


def _retry_is_stopped(run: Run) -> None:
    """Start the request again, stop that run, and start it a third time."""
    stop_midway(run, partial(run.deployment.start, run.request))
    _runs_again(run)


def _retry(run: Run) -> str:
    """``tfbatch retry``; the ARN of the execution that it starts."""
    told = run.deployment.run(*_RETRY, run.arn)
    arn: str = json.loads(told.splitlines()[-1])["arn"]
    return arn


def _repair(run: Run) -> None:
    """Upload photographs in the place of the files that were none."""
    run.mark()
    run.deployment.upload(run.folder, {name: photo(7) for name in _BROKEN})


def _retries(run: Run) -> None:
    """What had no prediction has one after ``tfbatch retry``."""
    summary = summary_of(run.deployment.wait(_retry(run)))
    assert (summary["outputs"], summary["exceptions"]) == (len(_BROKEN), 0), summary


def _retry_stops(run: Run) -> None:
    _repair(run)
    stop_midway(run, partial(_retry, run))
    _retries(run)


def _retry_is_killed(run: Run) -> None:
    _repair(run)
    with subprocess.Popen(
        [*_RETRY, run.arn],
        cwd=REPOSITORY,
        env=os.environ | run.deployment.sandbox.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as retry:
        run.pause(3.0)
        retry.kill()
    _retries(run)


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


def _slow(run: Run) -> None:
    late = {"action": "s3:GetObject", "about": f"{run.folder}/", "how": "wait", "seconds": 8}
    run.deployment.sandbox.faults(requests=[late | {"times": 4}])


def _deploy(run: Run) -> None:
    """Deploy another version of the model's code while the run's jobs are at work."""
    run.job()
    run.mark()
    world.deploy(run.deployment, version=next(_VERSIONS))


FAULTS: Final = (
    Fault(
        name="A person stops a run",
        requests=waiting,
        act=_stop,
        after=_runs_again,
        outcome="stopped",
        lost="what wasn't done; the same request runs again",
        seen="`ABORTED`; its jobs are stopped",
    ),
    Fault(
        name="A person stops a run while its jobs work",
        inputs=TWO_SHARDS,
        act=_stop_with_job,
        after=_runs_again,
        outcome="stopped",
        lost="what wasn't done; the same request runs again",
        seen="`ABORTED`; its jobs are stopped",
    ),
    Fault(
        name="A person stops a run, starts it again, and stops that",
        requests=waiting,
        act=_stop,
        after=_retry_is_stopped,
        outcome="stopped",
        lost="what wasn't done; the same request runs again",
        seen="`ABORTED` twice; its jobs are stopped",
    ),
    Fault(
        name="A person stops `tfbatch retry` midway, and retries again",
        inputs=_INPUTS,
        is_during=False,
        after=_retry_stops,
        outcome="accounts",
        seen="`ABORTED`, and a retry of the same exceptions that predicts them",
    ),
    Fault(
        name="`tfbatch retry` is killed, and called again",
        inputs=_INPUTS,
        is_during=False,
        after=_retry_is_killed,
        outcome="accounts",
        seen="One execution, or two into folders of their own, that predict the exceptions",
    ),
    Fault(
        name="A person stops a transform job",
        inputs=TWO_SHARDS,
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
        act=partial(request_files.upload, times=2),
        after=request_files.check,
        seen="A run for each upload",
    ),
    Fault(
        name="A person deploys during a run",
        before=_slow,
        act=_deploy,
        seen="Nothing: the run goes on with its model",
    ),
)
