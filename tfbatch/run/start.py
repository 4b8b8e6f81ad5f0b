"""Starts an execution: shows the plan, asks for confirmation, and follows the run."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from tfbatch.aws.calls import Call, show
from tfbatch.aws.execution import new_name
from tfbatch.terminal import exit_codes
from tfbatch.watch import words
from tfbatch.watch.follow import follow, tell
from tfbatch.watch.observer import Observer
from tfbatch_cdk.workflow import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output
    from tfbatch.watch.snapshot import Snapshot

_LOOK_SECONDS = 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """An execution to start."""

    title: str
    """The start of its name."""
    state_machine: str
    """ARN."""
    request: Mapping[str, Any]
    """The fields of ``tfbatch_cdk.workflow.fields``."""

    def call(self) -> Call:
        """Return the call that starts it, with a new name each time."""
        return Call(
            "stepfunctions",
            "start_execution",
            {
                "stateMachineArn": self.state_machine,
                "name": new_name(self.title),
                "input": json.dumps(self.request, ensure_ascii=False),
            },
        )


def launch(session: Session, output: Output, start: Start, *, wait: bool, ask: bool = False) -> int:
    """Start an execution and follow its plan.

    Args:
        session: AWS session.
        output: output of the command.
        start: what to start.
        wait: follow it to its end.
        ask: show the plan of a dry run first, and start only if confirmed.

    Returns:
        The exit code.
    """
    if session.show_aws:
        show(session, output, start.call())
        return exit_codes.OK
    if ask and (code := _preview(session, output, start)) is not None:
        return code
    arn = start.call().send(session)["executionArn"]
    name = arn.rpartition(":")[2]
    output.say(f"Started {name}.")
    observer = Observer.of(session.boto, arn)
    if wait:
        return follow(observer, output, session)
    snapshot = _until_planned(observer)
    if not snapshot.is_running:
        return tell(snapshot, output, session)
    output.emit(snapshot.document() | {"plan": snapshot.plan})
    if snapshot.plan and not ask:
        output.say(f"Plan: {words.estimate(snapshot.plan)}.")
    output.say(f"To follow it: tfbatch watch {name}{session.options}")
    return exit_codes.OK


def _preview(session: Session, output: Output, start: Start) -> int | None:
    """Show the plan and ask; return the exit code if nothing should start."""
    # A key can be used once, and the real run needs it.
    request = {name: value for name, value in start.request.items() if name != fields.KEY}
    dry = replace(start, request=request | {fields.DRY_RUN: True})
    snapshot = _until_ended(Observer.of(session.boto, dry.call().send(session)["executionArn"]))
    if snapshot.report is None:
        return tell(snapshot, output, session)
    output.say(f"Plan: {words.estimate(snapshot.report['plan'])}.")
    if not click.confirm("Start it?", default=True, err=True):
        output.say("Nothing was started.")
        return exit_codes.OK
    return None


def _until_planned(observer: Observer) -> Snapshot:
    while True:
        snapshot = observer.look()
        if snapshot.plan or not snapshot.is_running:
            return snapshot
        time.sleep(_LOOK_SECONDS)


def _until_ended(observer: Observer) -> Snapshot:
    while (snapshot := observer.look()).is_running:
        time.sleep(_LOOK_SECONDS)
    return snapshot
