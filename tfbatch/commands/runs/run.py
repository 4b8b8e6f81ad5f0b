"""``tfbatch run``: predictions for everything that INPUT names."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from tfbatch.terminal.options import aws_options, json_option
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.aws.deployed_outputs import Deployed
    from tfbatch.aws.session import Session
    from tfbatch.run.sources import Source
    from tfbatch.terminal.output import Output


_NAMED = 5
"""Files that are left out and named."""


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--model", metavar="NAME", help="Which model predicts.  [default: the stage's first]")
@click.option(
    "--format",
    "format_",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="One of the stage's formats; auto looks at the first bytes of some objects.",
)
@click.option("--instances", type=click.IntRange(1), help="Instances of each transform job.")
@click.option(
    "--instance-type",
    "instance_types",
    multiple=True,
    metavar="TYPE",
    help="One of the stage's, such as g5.xlarge. Repeatable: tried in this order.",
)
@click.option(
    "--max-payload-mb",
    type=click.IntRange(1, 100),
    metavar="MB",
    help="The largest request body.  [default: the format's]",
)
@click.option(
    "--max-concurrent-transforms",
    type=click.IntRange(1, 100),
    metavar="COUNT",
    help="Requests in flight on each instance; times the payload at most 100 MB.",
)
@click.option(
    "--batch-strategy",
    type=click.Choice(["SingleRecord", "MultiRecord"]),
    help="Records of a request.  [default: the format's]",
)
@click.option(
    "--env",
    "environment",
    multiple=True,
    metavar="NAME=VALUE",
    help="A container variable that the stage lets a request set. Repeatable.",
)
@click.option(
    "--deadline",
    type=float,
    metavar="MINUTES",
    help="How long it may take; as many instances as that needs.",
)
@click.option("--budget", type=float, metavar="USD", help="Refuse a run estimated above it.")
@click.option(
    "--max-exceptions",
    type=float,
    metavar="COUNT",
    help="Fail a run with more exceptions; below 1 it is a share.",
)
@click.option("--key", help="Runs with one key run once.")
@click.option(
    "--output", "to", metavar="S3_URI", help="Where predictions go, in the output bucket."
)
@click.option("--dry-run", is_flag=True, help="Stop after the plan: objects, minutes, USD.")
@click.option("--wait", is_flag=True, help="Follow it to its end; see 'tfbatch watch'.")
@click.option("--yes", "-y", is_flag=True, help="Don't ask, on a terminal, after the plan.")
@aws_options
@json_option
@click.pass_context
def run(  # noqa: PLR0913 # one for each option
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    *,
    format_: str,
    to: str | None,
    dry_run: bool,
    wait: bool,
    yes: bool,
    session: Session,
    output: Output,
    **chosen: Any,  # noqa: ANN401 # the request's other fields, by their options
) -> None:
    """Predict every record of INPUT.

    INPUT is s3://bucket/folder/, a manifest in S3, or files, folders and patterns of this machine,
    which are uploaded first; what is there already, with equal content, is not sent again.

    Exit code 3 says that some inputs have no prediction: exceptions.jsonl names them with their
    reasons.
    """
    from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415
    from tfbatch.run.start import Start, launch  # noqa: PLC0415

    source, deployed = _source(inputs), Deployed.find(session)
    fixed = deployed.fixed(session)
    read = _format(format_, source or inputs[0], fixed, session)
    if source:
        source = _without_others(source, fixed["formats"][read], is_chosen=format_ == "auto")
    _refuse(fixed, chosen["model"], read)
    uri = _bring(source, deployed, session, output) if source else inputs[0]
    title = source.title if source else uri.rstrip("/").rpartition("/")[2]
    asked = {
        "input": uri,
        "format": read,
        "output": to,
        "dry_run": dry_run or None,
        "model": chosen["model"],
        "instances": chosen["instances"],
        "instance_types": list(chosen["instance_types"]) or None,
        "max_payload_mb": chosen["max_payload_mb"],
        "max_concurrent_transforms": chosen["max_concurrent_transforms"],
        "batch_strategy": chosen["batch_strategy"],
        "environment": _variables(chosen["environment"]) or None,
        "deadline_minutes": chosen["deadline"],
        "budget_usd": chosen["budget"],
        "max_exceptions": chosen["max_exceptions"],
        "key": chosen["key"],
    }
    start = Start(
        title=title,
        state_machine=deployed.state_machine,
        request={name: value for name, value in asked.items() if value is not None},
    )
    is_asking = sys.stdin.isatty() and sys.stdout.isatty()
    ask = is_asking and not (yes or dry_run or output.as_json)
    ctx.exit(launch(session, output, start, wait=wait or dry_run, ask=ask))


def _variables(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"{pair!r}: write it as NAME=VALUE", param_hint="--env")
        found[name] = value
    return found


def _source(inputs: tuple[str, ...]) -> Source | None:
    """The local files; ``None`` for a location in S3."""
    from tfbatch.run.sources import SCHEME, find  # noqa: PLC0415

    remote = [one for one in inputs if one.startswith(SCHEME)]
    if not remote:
        return find(inputs)
    if len(inputs) > 1:
        raise Problem(
            f"INPUT = {' '.join(inputs)}: a run has one folder of S3, or files of this machine; "
            "start a run for each, or write a manifest."
        )
    return None


def _format(asked: str, where: Source | str, fixed: Mapping[str, Any], session: Session) -> str:
    """The requested format, or the detected one."""
    from tfbatch.run import format_detection  # noqa: PLC0415

    formats = fixed["formats"]
    if asked in formats:
        return asked
    if asked != "auto":
        known = ", ".join(formats)
        raise Problem(f"--format = {asked!r}: stage {session.stage} has {known}.")
    if isinstance(where, str):
        samples = format_detection.of_objects(session.boto.client("s3"), where)
    else:
        samples = format_detection.of_files(where.files)
    found = format_detection.guess(samples, formats, stage=session.stage)
    odd = f"; not like it: {', '.join(found.odd)}" if found.odd else ""
    click.echo(f"Format: {found.format}{odd}", err=True)
    return found.format


def _without_others(source: Source, format_: Mapping[str, Any], *, is_chosen: bool) -> Source:
    """Leave out the files that a detected format doesn't read, and say so."""
    from tfbatch.run.format_detection import unread  # noqa: PLC0415

    others = unread(source.files, format_["contentType"]) if is_chosen else []
    names = [*source.left_out, *(file.name for file in others)]
    if names:
        told = ", ".join(names[:_NAMED]) + (", …" if names[_NAMED:] else "")
        click.echo(f"Left out: {len(names):,} that are no data: {told}", err=True)
    kept = tuple(file for file in source.files if file not in others)
    return replace(source, files=kept) if others else source


def _refuse(fixed: Mapping[str, Any], model: str | None, read: str) -> None:
    """Refuse a format of which the model can take no record, before anything is uploaded."""
    name = model or fixed["defaultModel"]
    reason = fixed.get("refused", {}).get(name, {}).get(read)
    if reason:
        raise Problem(f"format = {read!r} does not fit the model {name!r}: {reason}")


def _bring(source: Source, deployed: Deployed, session: Session, output: Output) -> str:
    """Upload local files, or show how, and return the URI to run over."""
    from tfbatch.aws.calls import aws_command, show  # noqa: PLC0415
    from tfbatch.run.upload import Destination, upload  # noqa: PLC0415

    to = Destination(
        s3=session.boto.client("s3"), bucket=deployed.input_bucket, prefix=source.folder
    )
    if not session.show_aws:
        return upload(source, to, output)
    one_by_one = [
        aws_command(session, "s3", "cp", str(file.path), to.uri + file.name)
        for file in source.files
    ]
    show(session, output, *one_by_one)
    return to.uri
