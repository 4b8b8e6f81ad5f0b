"""``tfbatch report``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.commands.arguments import execution_argument
from tfbatch.terminal.options import aws_options, json_option

if TYPE_CHECKING:
    from tfbatch.aws.session import Session
    from tfbatch.report.facts import Facts
    from tfbatch.results.run import Run
    from tfbatch.terminal.output import Output


@click.command()
@execution_argument
@click.option("--to", "target", metavar="FILE", help="The page.  [default: EXECUTION.html]")
@click.option(
    "--sample",
    type=click.IntRange(0, 2000),
    default=120,
    show_default=True,
    help="Records that the page shows.",
)
@click.option(
    "--inputs/--no-inputs",
    default=True,
    show_default=True,
    help="Whether the page shows the records' photographs or text, made small.",
)
@aws_options
@json_option
def report(  # noqa: PLR0913 # one for each option
    execution: str | None,
    *,
    target: str | None,
    sample: int,
    inputs: bool,
    session: Session,
    output: Output,
) -> None:
    """Write a page that shows what came of a run.

    One file of HTML, with nothing to load: figures, throughput, confidence, latency, classes,
    photographs with their likeliest classes, exceptions with their reasons, jobs and cost.
    EXECUTION is a name, the beginning of one, an ARN, or the output folder of a run (s3://…), which
    tells nothing of its jobs; the newest when left out.
    """
    from tfbatch.aws.calls import show  # noqa: PLC0415
    from tfbatch.files.file_store import file_at  # noqa: PLC0415
    from tfbatch.report.page import page  # noqa: PLC0415
    from tfbatch.results.run import Run as Found  # noqa: PLC0415
    from tfbatch.results.showing import commands  # noqa: PLC0415

    run = Found.find(session, execution)
    if session.show_aws:
        show(session, output, *commands(session, run))
        return
    facts = _gather(run, session, sample=sample, inputs=inputs, output=output)
    name = target or f"{facts.name}.html"
    folder, file = file_at(name, session)
    with folder.writing(file) as draft:
        draft.path.write_text(page(facts), encoding="utf-8")
    output.say(f"{facts.summary['text']}\nThe report is in {name}")
    output.emit({"file": name, "output": run.folder, "summary": facts.summary})


def _gather(run: Run, session: Session, *, sample: int, inputs: bool, output: Output) -> Facts:
    """Gather the facts with a progress bar."""
    from rich.progress import Progress  # noqa: PLC0415

    from tfbatch.report.facts import gather  # noqa: PLC0415

    console = output.console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        summary = run.summary()
        task = bar.add_task("Reading", total=summary["records"] + summary["exceptions"])
        return gather(
            run,
            session,
            sample=sample,
            with_inputs=inputs,
            on_row=lambda: bar.advance(task),
        )
