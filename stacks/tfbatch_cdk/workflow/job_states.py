"""The states that run one transform job, from its request to its end: two ways, one behavior.

``synchronous``: Step Functions' optimized integration waits for the job, and stops it when the
state is left. It documents ten parameters. ``polling``: the API itself, which takes them all, and a
loop that describes the job; it stops the job where it leaves it, and ``JobCleanup`` does where the
execution ends. Both lead to ``Reconcile`` or to ``Why did it fail?``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_cdk.workflow import shard_expressions as expression
from tfbatch_cdk.workflow.asl import assign, choice, jsonata

if TYPE_CHECKING:
    from tfbatch_cdk.workflow.asl import State

_DESCRIBE = "Look at the job"
_WAIT = "Wait for the job"
_JOB = {"TransformJobName": jsonata("$jobName")}


def synchronous(integration: str, max_hours: int) -> State:
    """Wait within the task.

    Args:
        integration: the ARN's beginning, ``arn:aws:states:::``.
        max_hours: after which a job that still runs is stopped.
    """
    return {
        "Transform": {
            "Type": "Task",
            "Resource": f"{integration}sagemaker:createTransformJob.sync",
            "TimeoutSeconds": max_hours * 3600,
            "Arguments": jsonata(expression.TRANSFORM_JOB),
            "Assign": {"job": jsonata(expression.JOB_DESCRIPTION)},
            "Catch": [_catch(trouble=expression.FAILURE_OF_ERROR)],
            "Next": "Reconcile",
        },
    }


def polling(integration: str, max_hours: float, patience_minutes: float) -> State:
    """Make the job, and look at it until it has ended.

    Args:
        integration: the ARN's beginning, ``arn:aws:states:::``.
        max_hours: after which a job that still runs is stopped.
        patience_minutes: how long it may go unseen, and how long it may take to stop.
    """
    sdk = f"{integration}aws-sdk:sagemaker:"
    begun = {
        "job": {"status": "InProgress"},
        "began": jsonata("$millis()"),
        "seen": jsonata("$millis()"),
        "isStarted": False,
        "isLeft": False,
        "lost": "",
    }
    return {
        "Transform": {
            "Type": "Task",
            "Resource": f"{sdk}createTransformJob",
            "Arguments": jsonata(expression.TRANSFORM_JOB),
            "Assign": begun,
            "Catch": [
                # An answer was lost, and the request sent again: no other run has this name.
                {
                    "ErrorEquals": ["SageMaker.ResourceInUseException"],
                    "Assign": begun,
                    "Next": _WAIT,
                },
                _catch(trouble=expression.FAILURE_OF_ERROR),
            ],
            "Next": _WAIT,
        },
        _WAIT: {"Type": "Wait", "Seconds": jsonata(expression.POLL_SECONDS), "Next": _DESCRIBE},
        _DESCRIBE: {
            "Type": "Task",
            "Resource": f"{sdk}describeTransformJob",
            "Arguments": _JOB,
            "Assign": {
                "job": jsonata(expression.JOB_DESCRIPTION),
                "trouble": jsonata(expression.FAILURE_OF_JOB),
                "seen": jsonata("$millis()"),
                "isStarted": jsonata("$exists($states.result.TransformStartTime)"),
            },
            "Catch": [_catch("Has the job ended?", lost=expression.DESCRIBE_ERROR)],
            "Next": "Has the job ended?",
        },
        **_end(sdk, round(max_hours * 3_600_000), round(patience_minutes * 60_000)),
    }


def _end(sdk: str, longest: int, patience: int) -> State:
    """How the loop ends; times in milliseconds."""
    stopped = {"isLeft": True, "began": jsonata("$millis()")}
    overdue = f"$millis() - $began > {longest} or $millis() - $seen > {patience}"
    return {
        "Has the job ended?": choice(
            ("$job.status = 'Completed'", "Reconcile"),
            ("$job.status in ['Failed', 'Stopped']", "Why did it fail?"),
            (f"$not($isLeft) and ({overdue})", "Stop the job"),
            (f"$isLeft and $millis() - $began > {patience}", "Leave the job"),
            otherwise=_WAIT,
        ),
        "Stop the job": {
            "Type": "Task",
            "Resource": f"{sdk}stopTransformJob",
            "Arguments": _JOB,
            "Assign": stopped,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": stopped, "Next": _WAIT}],
            "Next": _WAIT,
        },
        "Leave the job": assign("Give the shard up", trouble=expression.FAILURE_OF_LOST_JOB),
    }


def _catch(then: str = "Why did it fail?", **variables: str) -> State:
    return {
        "ErrorEquals": ["States.ALL"],
        "Assign": {name: jsonata(value) for name, value in variables.items()},
        "Next": then,
    }
