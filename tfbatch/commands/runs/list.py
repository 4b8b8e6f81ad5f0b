"""``tfbatch list``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tfbatch.aws.calls import Call, show
from tfbatch.terminal.options import aws_options, json_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output

_STATUSES = ("running", "succeeded", "failed", "timed_out", "aborted")


@click.command(name="list")
@click.option("--limit", "-n", default=20, show_default=True, help="How many, the newest first.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only those of this status.")
@aws_options
@json_option
def list_(limit: int, status: str | None, *, session: Session, output: Output) -> None:
    """List executions, the newest first."""
    from itertools import islice  # noqa: PLC0415

    from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415
    from tfbatch.aws.execution_list import rows  # noqa: PLC0415

    deployed, wanted = Deployed.find(session), status.upper() if status else None
    if session.show_aws:
        asked: dict[str, Any] = {"stateMachineArn": deployed.state_machine, "maxResults": limit}
        asked |= {"statusFilter": wanted} if wanted else {}
        show(session, output, Call("stepfunctions", "list_executions", asked))
        return
    executions = deployed.executions(session)
    found = rows(executions, islice(executions.recent(status=wanted), limit))
    output.emit(found)
    if not output.as_json:
        _table(found, output, home=f"s3://{deployed.input_bucket}/")


def _table(found: list[Mapping[str, Any]], output: Output, *, home: str) -> None:
    """A table as wide as the terminal. Inputs are shown without the input bucket."""
    from rich.table import Table  # noqa: PLC0415

    from tfbatch.watch import words  # noqa: PLC0415

    if not found:
        output.say("Nothing has run yet: start with 'tfbatch run INPUT'.")
        return
    table = Table(box=None, pad_edge=False, header_style="bright_black")
    for heading in ("execution", "status", "started", "took", "records", "exceptions", "input"):
        right = heading in {"took", "records", "exceptions"}
        table.add_column(
            heading,
            justify="right" if right else "left",
            no_wrap=True,
            min_width=max(len(one["execution"]) for one in found) if heading == "execution" else 8,
        )
    for one in found:
        table.add_row(
            one["execution"],
            one["error"] or one["status"],
            f"{one['started'].astimezone():%Y-%m-%d %H:%M}",
            words.duration(one["seconds"]),
            "" if one["records"] is None else f"{one['records']:,}",
            "" if one["exceptions"] is None else f"{one['exceptions']:,}",
            (one["input"] or "").removeprefix(home),
        )
    output.console().print(table, soft_wrap=False)
