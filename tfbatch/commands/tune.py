"""``tfbatch tune``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfbatch.terminal.options import aws_options, json_option
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output
    from tfbatch.tune.running import Prepared
    from tfbatch.tune.trial import Knobs, Trial

_TRIALS, _MOST_TRIALS = 7, 16
"""Trials of the first sweep, up to a concurrency of 64; maximum of all trials."""


@click.command()
@click.argument("folder", metavar="INPUT")
@click.option("--format", "format_", metavar="NAME", help="[default: what the objects are]")
@click.option("--model", metavar="NAME", help="Which model.  [default: the stage's first]")
@click.option("--instance-type", metavar="TYPE", help="[default: the stage's first]")
@click.option(
    "--objects",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    help="Of the input, from all over it: enough to keep a job busy for a minute.",
)
@click.option(
    "--most",
    type=click.IntRange(1, 100),
    default=64,
    show_default=True,
    help="The highest concurrency to try.",
)
@click.option(
    "--within",
    type=click.FloatRange(0, min_open=True),
    metavar="PERCENT",
    default=5.0,
    show_default=True,
    help="Repeat each trial until the 95 % confidence interval of its rate is so narrow.",
)
@click.option("--only-concurrency", is_flag=True, help="No trials of batching and workers.")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("tune"),
    show_default=True,
    help="Where tune.json, tune.svg and tune.patch go.",
)
@click.option("--yes", "-y", is_flag=True, help="Don't ask, on a terminal, what it may cost.")
@aws_options
@json_option
def tune(  # noqa: PLR0913 # one for each option
    folder: str,
    *,
    format_: str | None,
    model: str | None,
    instance_type: str | None,
    objects: int,
    most: int,
    within: float,
    only_concurrency: bool,
    to: Path,
    yes: bool,
    session: Session,
    output: Output,
) -> None:
    """Find the settings at which a stage predicts fastest.

    Runs the deployed model over a sample of INPUT (s3://bucket/folder/) in short transform jobs, on
    one instance: MaxConcurrentTransforms by powers of two until it stops helping, then request
    batching, its time-out and gunicorn's workers around the best. Writes the rates, a drawing, and
    a patch of stacks/stages.py with the settings and the records per second that were measured.
    Rates are those between the first answers and the last ones. If there are too few records to
    tell one from another, nothing is written.
    """
    from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415
    from tfbatch.tune import running  # noqa: PLC0415

    if not folder.startswith("s3://"):
        raise Problem(f"INPUT = {folder}: upload it first ('tfbatch run' does), name s3://….")
    deployed = Deployed.find(session)
    fixed = deployed.fixed(session)
    choice = running.Choice(
        model=model or fixed["defaultModel"],
        format=format_ or _detected(session, folder, fixed["formats"], output),
        instance_type=_typed(instance_type) or fixed["instanceTypes"][0],
        count=objects,
        within=within / 100,
    )
    is_local = "AWS_ENDPOINT_URL" in os.environ
    prepared = running.prepare(session, deployed, choice, folder=folder, is_local=is_local)
    if session.show_aws:
        _show(session, prepared, output)
        return
    _announce(prepared, output, ask=not (yes or output.as_json), is_local=is_local)
    _run(prepared, session, output, most=most, thorough=not only_concurrency, to=to)


def _detected(
    session: Session, folder: str, formats: Mapping[str, Mapping[str, Any]], output: Output
) -> str:
    """The format of a folder's objects, as ``tfbatch run`` detects it."""
    from tfbatch.run import format_detection  # noqa: PLC0415

    samples = format_detection.of_objects(session.boto.client("s3"), folder)
    found = format_detection.guess(samples, formats, stage=session.stage).format
    output.say(f"The format is {found}.")
    return found


def _typed(instance_type: str | None) -> str | None:
    return instance_type and f"ml.{instance_type.removeprefix('ml.')}"


def _announce(prepared: Prepared, output: Output, *, ask: bool, is_local: bool) -> None:
    """Show what will run and what it may cost, and ask on a terminal."""
    choice, sample = prepared.choice, prepared.sample
    usd = prepared.usd(_TRIALS)
    cost = "an unknown price" if usd is None else f"{usd:,.2f} USD"
    what = f"{len(sample.entries):,} of {sample.total:,} objects, {choice.model} on one "
    where = (
        ": in the sandbox, so that the rates are this machine's"
        if is_local
        else f"; a job for each trial, {_TRIALS} to {_MOST_TRIALS}: from {cost}"
    )
    output.say(f"{what}{choice.instance_type}{where}")
    if ask and not is_local and sys.stdin.isatty():
        click.confirm("Go on?", abort=True)


def _run(  # noqa: PLR0913
    prepared: Prepared, session: Session, output: Output, *, most: int, thorough: bool, to: Path
) -> None:
    from tfbatch import project  # noqa: PLC0415
    from tfbatch.tune import running  # noqa: PLC0415
    from tfbatch.tune.display import Display  # noqa: PLC0415
    from tfbatch.tune.explanation import explain  # noqa: PLC0415
    from tfbatch.tune.sweep import search  # noqa: PLC0415

    display = Display(console=output.console())
    problems: list[str] = []

    def measure(knobs: Knobs) -> Trial:
        trial = prepared.jobs.measure(knobs)
        display.trial(trial)
        problems.append(trial.problem)
        return trial

    found = search(measure, prepared.start, most=most, thorough=thorough)
    if found is None:
        raise Problem(f"Every trial failed; the first: {problems[0]}")
    display.found(found)
    for sentence in explain(found, most=most):
        output.say(sentence)
    running.leave(found, prepared, session)
    stages = project.directory() / "stacks" / "stages.py"
    for sentence in running.write(found, prepared, stage=session.stage, stages=stages, to=to):
        output.say(sentence)
    output.emit(running.as_document(found, prepared))


def _show(session: Session, prepared: Prepared, output: Output) -> None:
    from tfbatch.aws.calls import Call, show  # noqa: PLC0415

    request = prepared.jobs.request(f"{prepared.jobs.name}-01", prepared.start)
    show(session, output, Call("sagemaker", "create_transform_job", request))
