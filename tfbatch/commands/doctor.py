"""``tfbatch doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.aws.calls import show
from tfbatch.terminal import exit_codes
from tfbatch.terminal.options import aws_options, json_option

if TYPE_CHECKING:
    from tfbatch.aws.session import Session
    from tfbatch.doctor.check import Check
    from tfbatch.terminal.output import Output

_MARKS = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "failed": ("✗", "red"),
    "skipped": ("-", "bright_black"),
}


@click.command()
@aws_options
@json_option
@click.pass_context
def doctor(ctx: click.Context, *, session: Session, output: Output) -> None:
    """Check what a stage needs, and say what to do.

    Credentials, the CDK's bootstrap, the stacks and whether they are as the settings say, quotas
    for the stage's instance types, the container's image, the zones of its VPC. All of it is
    read-only. The exit code is 0 when all is well, 3 with warnings, 1 when a run would fail.
    """
    from tfbatch import project  # noqa: PLC0415
    from tfbatch.doctor.examination import calls, examine  # noqa: PLC0415

    stage = project.stage_named(session.stage)
    if session.show_aws:
        show(session, output, *calls(session, stage))
        return
    statuses = set()
    for check in examine(session, stage):
        statuses.add(check.status)
        output.emit(check.document())
        _say(check, output)
    ctx.exit(
        exit_codes.FAILED
        if "failed" in statuses
        else exit_codes.ATTENTION
        if "warning" in statuses
        else exit_codes.OK
    )


def _say(check: Check, output: Output) -> None:
    mark, color = _MARKS[check.status]
    output.say(f"{click.style(mark, fg=color)} {check.name}: {check.found}")
    if check.remedy:
        output.say(f"  {check.remedy}")
