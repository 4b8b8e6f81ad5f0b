"""The states of one shard: run a job, reconcile its outputs, and run a job for missing outputs.

A failed job doesn't fail the shard: its reason selects the next state, and its outputs count. A
shard that can't continue succeeds with a ``failure`` in its output, since a failed Map state would
hide the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_cdk.workflow import shard_expressions as expression
from tfbatch_cdk.workflow.asl import assign, choice, invoke, jsonata, reply

if TYPE_CHECKING:
    from tfbatch_cdk.workflow.asl import State

_THROTTLED_TRIES = 8
_INTERNAL_TRIES = 3


def shard_states(integration: str, reconcile: str, job: State) -> State:
    """The states of a shard's execution.

    Args:
        integration: the beginning of the resource ARNs, ``arn:aws:states:::``.
        reconcile: ARN of the function ``reconcile``.
        job: the states that run a job, from ``job_states.py``.
    """
    return {
        "Read the shard": assign(
            "Begin the round",
            task="$states.input",
            manifest="$states.input.shard.manifest",
            round="0",
            rounds="$states.input.rounds",
            attempt="0",
            jobName="''",
        ),
        "Begin the round": assign(
            "Name the job",
            round="$round + 1",
            type="0",
            capacityTries="0",
            throttled="0",
            internal="0",
            tries="[]",
            page="null",
            trouble="null",
        ),
        "Name the job": assign(
            "Transform", jobName=expression.JOB_NAME, attempt=expression.ATTEMPT
        ),
        **job,
        **_failures(),
        **_reconcile(integration, reconcile),
    }


def _failures() -> State:
    return {
        "Why did it fail?": choice(
            (
                "$trouble.kind = 'capacity' and $type + 1 < $count($task.instanceTypes)",
                "Next instance type",
            ),
            (
                "$trouble.kind = 'capacity' and $capacityTries + 1 < $task.capacityTries",
                "Wait for capacity",
            ),
            (f"{expression.IS_THROTTLED} and $throttled < {_THROTTLED_TRIES}", "Back off"),
            (f"$trouble.kind = 'internal' and $internal < {_INTERNAL_TRIES}", "Try again"),
            (
                "$trouble.kind in ['partial', 'timeout', 'internal'] or $round > 1",
                "Keep what was done",
            ),
            otherwise="Give the shard up",
        ),
        "Next instance type": assign("Name the job", type="$type + 1", tries=expression.TRIES),
        "Wait for capacity": {
            "Type": "Wait",
            "Seconds": jsonata(expression.CAPACITY_WAIT),
            "Assign": {
                "type": 0,
                "capacityTries": jsonata("$capacityTries + 1"),
                "tries": jsonata(expression.TRIES),
            },
            "Next": "Name the job",
        },
        "Back off": {
            "Type": "Wait",
            "Seconds": jsonata(expression.BACK_OFF),
            "Assign": {"throttled": jsonata("$throttled + 1")},
            "Next": "Name the job",
        },
        "Try again": assign("Name the job", internal="$internal + 1", tries=expression.TRIES),
        "Keep what was done": assign("Reconcile", job="$trouble.job"),
        "Give the shard up": {"Type": "Succeed", "Output": jsonata(expression.SHARD_FAILURE)},
    }


def _reconcile(integration: str, function: str) -> State:
    return {
        "Reconcile": {
            **invoke(
                integration,
                function,
                expression.RECONCILE_EVENT,
                assigns={
                    "page": reply("cursor"),
                    "missing": reply("manifest"),
                    "outputs": reply("outputs"),
                    "served": reply("served"),
                },
                catch="The shard can't be reconciled",
                failure="trouble",
            ),
            "Next": "Is anything missing?",
        },
        "Is anything missing?": choice(
            ("$page != null", "Reconcile"),
            (expression.IS_CONTAINER_BROKEN, "Give the shard up"),
            ("$missing != null", "Take what is missing"),
            otherwise="The shard is done",
        ),
        "Take what is missing": assign(
            "Begin the round", manifest="$missing", rounds=expression.ROUNDS
        ),
        "The shard is done": {"Type": "Succeed", "Output": {}},
        "The shard can't be reconciled": {
            "Type": "Succeed",
            "Output": {"failure": jsonata("$trouble")},
        },
    }
