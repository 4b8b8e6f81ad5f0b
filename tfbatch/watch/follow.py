"""Follows an execution to its end and returns how it ended."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from tfbatch.terminal import exit_codes
from tfbatch.watch.lines import view
from tfbatch.watch.snapshot import SUCCEEDED

if TYPE_CHECKING:
    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output
    from tfbatch.watch.observer import Observer
    from tfbatch.watch.snapshot import Snapshot

_SANDBOX_SECONDS = 0.5
_AWS_SECONDS = 3.0
"""Between two polls: AWS allows about twenty calls a second for the whole account."""
_SANDBOX_END_SECONDS = 0.1
"""Between two looks at the status alone."""


def follow(observer: Observer, output: Output, session: Session) -> int:
    """Show an execution until its end.

    Returns:
        The exit code: ``OK``; ``ATTENTION`` if some inputs have no prediction; ``FAILED``;
            ``INTERRUPTED`` after Ctrl-C, which doesn't end the execution.
    """
    try:
        with view(output) as shown:
            while (snapshot := observer.look()).is_running:
                shown.show(snapshot)
                _wait(observer)
            shown.show(snapshot)
    except KeyboardInterrupt:
        name = observer.arn.rpartition(":")[2]
        output.say(f"{name} goes on. To see it again: tfbatch watch {name}{session.options}")
        output.say(f"To end it: tfbatch stop {name}{session.options}")
        return exit_codes.INTERRUPTED
    return tell(snapshot, output, session)


def _wait(observer: Observer) -> None:
    """Wait for the next poll; in the sandbox only until the end."""
    if not os.environ.get("AWS_ENDPOINT_URL"):
        time.sleep(_AWS_SECONDS)
        return
    until = time.monotonic() + _SANDBOX_SECONDS
    while time.monotonic() < until and observer.is_running():
        time.sleep(_SANDBOX_END_SECONDS)


def tell(snapshot: Snapshot, output: Output, session: Session) -> int:
    """Print how an execution ended; return the exit code."""
    report, summary = snapshot.report or {}, snapshot.summary
    output.emit(
        snapshot.document()
        | {"output": report.get("output"), "plan": snapshot.plan or report.get("plan")}
        | {"summary": summary, "error": snapshot.error, "cause": snapshot.cause}
    )
    if snapshot.status != SUCCEEDED:
        cause = snapshot.cause or "no cause was given"
        output.say(f"{snapshot.name} ended {snapshot.status}. {snapshot.error or ''}: {cause}")
        return exit_codes.FAILED
    if not summary:
        output.say(
            report.get("text") or report.get("plan", {}).get("estimate", "Nothing was done.")
        )
        return exit_codes.OK
    output.say(summary["text"])
    retry = f"tfbatch retry {snapshot.name}{session.options}"
    if summary["exceptions"]:
        output.say(f"To try the exceptions again: {retry}")
        return exit_codes.ATTENTION
    if summary["recordErrors"]:
        output.say(f"Each reason says what to correct; only after that run: {retry}")
        return exit_codes.ATTENTION
    return exit_codes.OK
