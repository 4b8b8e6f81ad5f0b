"""``tfbatch watch``: an execution as it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.aws.calls import Call, show
from tfbatch.commands.arguments import execution_argument
from tfbatch.terminal.options import aws_options, json_option

if TYPE_CHECKING:
    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output


@click.command()
@execution_argument
@aws_options
@json_option
@click.pass_context
def watch(ctx: click.Context, execution: str | None, *, session: Session, output: Output) -> None:
    """Follow an execution to its end.

    Shows the states of its workflow, and for each shard its records, records/s, instances,
    exceptions and money so far. Ctrl-C ends the watching, not the execution. EXECUTION is a name,
    the beginning of one, or an ARN; the newest when left out.
    """
    from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415
    from tfbatch.watch.follow import follow  # noqa: PLC0415
    from tfbatch.watch.observer import Observer  # noqa: PLC0415

    deployed = Deployed.find(session)
    arn = deployed.executions(session).find(execution)
    if session.show_aws:
        show(session, output, *calls(arn), *job_calls(session, arn))
        return
    ctx.exit(follow(Observer.of(session.boto, arn), output, session))


def calls(arn: str) -> tuple[Call, ...]:
    """The Step Functions calls about an execution."""
    return (
        Call("stepfunctions", "describe_execution", {"executionArn": arn}),
        Call("stepfunctions", "get_execution_history", {"executionArn": arn}),
    )


def job_calls(session: Session, arn: str) -> tuple[Call, ...]:
    """The calls about its transform jobs and their logs."""
    from tfbatch.aws.job_log import LOG_GROUP  # noqa: PLC0415
    from tfbatch_cdk.workflow.fields import job_prefix  # noqa: PLC0415

    prefix = job_prefix(session.stage, arn)
    log = {"logGroupName": LOG_GROUP, "logStreamNamePrefix": prefix}
    return (
        Call("sagemaker", "list_transform_jobs", {"NameContains": prefix}),
        Call("logs", "filter_log_events", log),
    )
