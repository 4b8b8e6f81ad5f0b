"""``tfbatch retry``: an execution's exceptions once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.commands.arguments import execution_argument
from tfbatch.terminal.options import aws_options, json_option

if TYPE_CHECKING:
    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output


@click.command()
@execution_argument
@click.option("--wait", is_flag=True, help="Follow it to its end.")
@aws_options
@json_option
@click.pass_context
def retry(
    ctx: click.Context, execution: str | None, *, wait: bool, session: Session, output: Output
) -> None:
    """Run only the exceptions of an execution again.

    Writes a manifest of the objects named in its exceptions.jsonl and starts an execution over it,
    otherwise as it was asked for, with an output folder of its own: what was predicted stays.
    EXECUTION is a name, the beginning of one, or an ARN; the newest when left out.
    """
    from tfbatch.aws.calls import show  # noqa: PLC0415
    from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415
    from tfbatch.run.retry import again  # noqa: PLC0415
    from tfbatch.run.start import Start, launch  # noqa: PLC0415
    from tfbatch.watch.observer import Observer  # noqa: PLC0415

    deployed, s3 = Deployed.find(session), session.boto.client("s3")
    arn = deployed.executions(session).find(execution)
    found = again(s3, deployed, Observer.of(session.boto, arn).look())
    if session.show_aws:
        show(session, output, found.command(session))
    else:
        found.write(s3)
        count = len(found.elements) - 1
        output.say(f"{count:,} object{'' if count == 1 else 's'} to try again: {found.manifest}")
    start = Start(title="retry", state_machine=deployed.state_machine, request=found.request)
    ctx.exit(launch(session, output, start, wait=wait))
