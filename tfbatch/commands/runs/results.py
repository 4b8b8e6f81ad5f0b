"""``tfbatch results``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.commands.arguments import execution_argument
from tfbatch.terminal.options import aws_options, json_option

if TYPE_CHECKING:
    from tfbatch.aws.session import Session
    from tfbatch.results.run import Run
    from tfbatch.terminal.output import Output


@click.command()
@execution_argument
@click.option(
    "--to",
    "target",
    default="predictions.parquet",
    show_default=True,
    metavar="FILE",
    help="Ending in .parquet, .csv or .jsonl; a path or an S3 URI.",
)
@aws_options
@json_option
def results(execution: str | None, *, target: str, session: Session, output: Output) -> None:
    """Write what a run predicted as one table.

    A row for each record of each input, in the order of their keys: input, record (from 0), the
    prediction's values, or the error in their place. In CSV a text that a spreadsheet would run as
    a formula gets a ' before it. EXECUTION is a name, the beginning of one, an ARN, or the output
    folder of a run (s3://…); the newest when left out.
    """
    from tfbatch.aws.calls import show  # noqa: PLC0415
    from tfbatch.results import writing  # noqa: PLC0415
    from tfbatch.results.run import Run  # noqa: PLC0415
    from tfbatch.results.showing import commands  # noqa: PLC0415

    writing.check(target)
    run = Run.find(session, execution)
    if session.show_aws:
        show(session, output, *commands(session, run))
        return
    summary = run.summary()
    total = summary["records"] + summary["exceptions"]
    count, errors = _write(run, target, total=total, session=session, output=output)
    output.say(
        f"{count:,} rows are in {target}" + (f", {errors:,} of them errors" if errors else "")
    )
    output.emit({"file": target, "rows": count, "errors": errors, "output": run.folder})


def _write(
    run: Run, target: str, *, total: int, session: Session, output: Output
) -> tuple[int, int]:
    """Write the rows with a progress bar, and return the number of rows and of errors."""
    from rich.progress import Progress  # noqa: PLC0415

    from tfbatch.results import writing  # noqa: PLC0415

    console, errors = output.console(), 0
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Joining", total=total)

        def on_row(row: object) -> None:
            nonlocal errors
            errors += getattr(row, "error", None) is not None
            bar.advance(task)

        return writing.write(run, target, session=session, on_row=on_row), errors
