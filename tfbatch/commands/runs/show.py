"""``tfbatch show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.aws.calls import show as show_calls
from tfbatch.commands.arguments import execution_argument
from tfbatch.commands.runs.watch import calls, job_calls
from tfbatch.terminal.options import aws_options, json_option

if TYPE_CHECKING:
    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output


@click.command()
@execution_argument
@aws_options
@json_option
def show(execution: str | None, *, session: Session, output: Output) -> None:
    """Show the state of an execution, or its result.

    Its request, states, jobs, summary and the reasons of its exceptions. EXECUTION is a name, the
    beginning of one, or an ARN; the newest when left out.
    """
    from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415
    from tfbatch.aws.exceptions_file import reasons  # noqa: PLC0415
    from tfbatch.watch.observer import Observer  # noqa: PLC0415
    from tfbatch.watch.screen import render  # noqa: PLC0415

    deployed = Deployed.find(session)
    arn = deployed.executions(session).find(execution)
    if session.show_aws:
        show_calls(session, output, *calls(arn), *job_calls(session, arn))
        return
    snapshot = Observer.of(session.boto, arn).look()
    found = reasons(session.boto.client("s3"), deployed, snapshot)
    output.emit(
        snapshot.document()
        | {"request": snapshot.request, "plan": snapshot.plan, "summary": snapshot.summary}
        | {"error": snapshot.error, "cause": snapshot.cause, "reasons": found}
    )
    if output.as_json:
        return
    console = output.console()
    console.print(f"Request: {dict(snapshot.request)}", style="bright_black")
    console.print(render(snapshot, width=console.width))
    if snapshot.error:
        console.print(f"{snapshot.error}: {snapshot.cause}", style="red")
    if snapshot.summary:
        console.print(snapshot.summary["text"])
    for reason, count in found.items():
        console.print(f"  {count:,} × {reason}")  # noqa: RUF001 # times
