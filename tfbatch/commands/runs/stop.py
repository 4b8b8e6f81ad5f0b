"""``tfbatch stop``."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import click

from tfbatch.aws.calls import Call, show
from tfbatch.commands.arguments import execution_argument
from tfbatch.terminal.options import aws_options, json_option
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output


@click.command()
@execution_argument
@aws_options
@json_option
def stop(execution: str | None, *, session: Session, output: Output) -> None:
    """End an execution and its transform jobs.

    What they have written stays. EXECUTION is a name, the beginning of one, or an ARN; the newest
    when left out.
    """
    from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415

    executions = Deployed.find(session).executions(session)
    arn = executions.find(execution)
    name = arn.rpartition(":")[2]
    cause = f"tfbatch stop by {getpass.getuser()}"
    call = Call(
        "stepfunctions",
        "stop_execution",
        {"executionArn": arn, "error": "Stopped", "cause": cause},
    )
    if session.show_aws:
        show(session, output, call)
        return
    status = executions.sfn.describe_execution(executionArn=arn)["status"]
    if status != "RUNNING":
        raise Problem(f"{name} has ended already: {status}. 'tfbatch show {name}' says how.")
    call.send(session)
    output.say(f"{name} is stopped, and its transform jobs with it.")
    output.emit({"execution": name, "arn": arn, "status": "ABORTED"})
