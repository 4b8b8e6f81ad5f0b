"""The states that run one transform job: ``synchronous`` or ``polling``.

``synchronous`` uses Step Functions' optimized integration, which documents ten parameters. It waits
for the job, and stops the job if the execution stops. ``polling`` calls the SageMaker API, which
takes all parameters, and describes the job in a loop. The loop stops a job that runs too long;
``JobCleanup`` stops it if the execution ends. Both continue with ``Reconcile`` or ``Why did it
fail?``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_cdk.workflow import shard_expressions as expression
from tfbatch_cdk.workflow.asl import assign, choice, jsonata, retry

if TYPE_CHECKING:
    from tfbatch_cdk.workflow.asl import State

_DESCRIBE = "Look at the job"
_WAIT = "Wait for the job"
_JOB = {"TransformJobName": jsonata("$jobName")}


def synchronous(integration: str, max_hours: int) -> State:
    """Create the job, and wait for it in the same state.

    Args:
        integration: the beginning of the resource ARNs, ``arn:aws:states:::``.
        max_hours: a job that runs longer is stopped.
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
        }
    }


def polling(integration: str, max_hours: float, patience_minutes: float) -> State:
    """Create the job, and poll it until it ends.

    Args:
        integration: the beginning of the resource ARNs, ``arn:aws:states:::``.
        max_hours: a job that runs longer is stopped.
        patience_minutes: how long describing it may fail, and how long stopping may take.
    """
    sdk = f"{integration}aws-sdk:sagemaker:"
    created = {
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
            "Assign": created,
            "Catch": [
                # The request was sent twice: no other run has a job of this name.
                {
                    "ErrorEquals": ["SageMaker.ResourceInUseException"],
                    "Assign": created,
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


def _end(sdk: str, max_ms: int, patience_ms: int) -> State:
    """The end of the loop; times in milliseconds."""
    stopped = {"isLeft": True, "began": jsonata("$millis()")}
    is_overdue = f"$millis() - $began > {max_ms} or $millis() - $seen > {patience_ms}"
    return {
        "Has the job ended?": choice(
            ("$job.status = 'Completed'", "Reconcile"),
            ("$job.status in ['Failed', 'Stopped']", "Why did it fail?"),
            (f"$not($isLeft) and ({is_overdue})", "Stop the job"),
            (f"$isLeft and $millis() - $began > {patience_ms}", "Leave the job"),
            otherwise=_WAIT,
        ),
        "Stop the job": {
            "Type": "Task",
            "Resource": f"{sdk}stopTransformJob",
            "Arguments": _JOB,
            "Assign": stopped,
            "Retry": retry("SageMaker.SageMakerException", "SageMaker.SdkClientException"),
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
