"""Polls an execution: one call of each AWS API for each poll."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tfbatch.aws.deployed_outputs import fixed_values, usd_per_hour
from tfbatch.watch.jobs import Jobs
from tfbatch.watch.shards import Shards
from tfbatch.watch.snapshot import RUNNING, SUCCEEDED, Snapshot, State
from tfbatch_cdk.workflow.fields import job_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import boto3
    from mypy_boto3_stepfunctions import SFNClient

_WORK = {"Task", "Map", "Parallel"}


def states(
    definition: Mapping[str, Any],
    history: Iterable[Mapping[str, Any]],
    *,
    status: str,
    now: datetime,
) -> tuple[State, ...]:
    """Return the states that do something, in the definition's order.

    States that were skipped (for example without a key to claim) are left out.

    Args:
        definition: in the Amazon States Language.
        history: events of GetExecutionHistory, in order.
        status: status of the execution.
        now: end of the time of running states.
    """
    entered, left = _times(history)
    work = [name for name, state in definition["States"].items() if state["Type"] in _WORK]
    furthest = max((work.index(name) for name in entered if name in work), default=-1)
    is_over = status not in RUNNING
    shown = []
    for place, name in enumerate(work):
        if name not in entered:
            if place > furthest and not is_over:
                shown.append(State(name=name, status="waiting"))
            continue
        running = name not in left or left[name] < entered[name]
        failed = is_over and status != SUCCEEDED and place == furthest
        seconds = ((now if running else left[name]) - entered[name]).total_seconds()
        what = "failed" if failed else "running" if running else "done"
        shown.append(State(name=name, status=what, seconds=max(seconds, 0.0)))
    return tuple(shown)


def _times(
    history: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """Name -> when it was entered first and left last."""
    entered: dict[str, datetime] = {}
    left: dict[str, datetime] = {}
    for event in history:
        if "stateEnteredEventDetails" in event:
            entered.setdefault(event["stateEnteredEventDetails"]["name"], event["timestamp"])
        elif "stateExitedEventDetails" in event:
            left[event["stateExitedEventDetails"]["name"]] = event["timestamp"]
    return entered, left


@dataclass(frozen=True, kw_only=True, slots=True)
class Observer:
    """Polls one execution."""

    sfn: SFNClient
    arn: str
    definition: Mapping[str, Any]
    """The state machine's definition when the execution started."""
    started: datetime
    jobs: Jobs
    shards: Shards

    @classmethod
    def of(cls, boto: boto3.Session, arn: str) -> Observer:
        """Create an observer.

        Args:
            boto: boto3 session.
            arn: ARN of the execution.
        """
        sfn = boto.client("stepfunctions")
        found = sfn.describe_state_machine_for_execution(executionArn=arn)
        definition = json.loads(found["definition"])
        fixed = fixed_values(definition)
        started = sfn.describe_execution(executionArn=arn)["startDate"]
        return cls(
            sfn=sfn,
            arn=arn,
            definition=definition,
            started=started,
            jobs=Jobs(
                sagemaker=boto.client("sagemaker"),
                logs=boto.client("logs"),
                prefix=job_prefix(fixed["name"], arn),
                started=started,
                usd_per_hour=usd_per_hour(fixed),
            ),
            shards=Shards(
                s3=boto.client("s3"),
                bucket=fixed["workBucket"],
                folder=f"executions/{arn.rpartition(':')[2]}/",
            ),
        )

    def is_running(self) -> bool:
        """Poll its status alone."""
        status = self.sfn.describe_execution(executionArn=self.arn)["status"]
        return status in RUNNING

    def look(self) -> Snapshot:
        """Poll its state."""
        found = self.sfn.describe_execution(executionArn=self.arn)
        now = found.get("stopDate") or datetime.now(UTC)
        jobs = self.jobs.look()
        report = json.loads(found["output"]) if found.get("output") else None
        return Snapshot(
            name=found["name"] if "name" in found else self.arn.rpartition(":")[2],
            arn=self.arn,
            status=found["status"],
            started=self.started,
            seconds=max((now - self.started).total_seconds(), 0.0),
            request=_request(found.get("input", "{}")),
            states=self._states(found["status"], now),
            plan=self.shards.plan(),
            shards=self.shards.look(jobs),
            jobs=jobs,
            report=report,
            error=found.get("error"),
            cause=found.get("cause"),
        )

    def _states(self, status: str, now: datetime) -> tuple[State, ...]:
        pages = self.sfn.get_paginator("get_execution_history").paginate(
            executionArn=self.arn, includeExecutionData=False
        )
        events = (event for page in pages for event in page["events"])
        return states(self.definition, events, status=status, now=now)


def _request(text: str) -> Mapping[str, Any]:
    """The request. An invalid one may be any JSON."""
    request = json.loads(text)
    return request if isinstance(request, dict) else {}
