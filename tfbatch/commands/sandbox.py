"""``tfbatch sandbox``: AWS on this machine, until Ctrl-C or behind the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.terminal import exit_codes
from tfbatch.terminal.options import json_option
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from tfbatch.sandbox.background import Background
    from tfbatch.terminal.output import Output

_port = click.option(
    "--port", default=0, help="Port on 127.0.0.1.", show_default="any free one", metavar="PORT"
)


@click.group()
def sandbox() -> None:
    """Run AWS on this machine.

    Each project has a sandbox of its own.

    \b
    $ tfbatch sandbox up
    $ eval "$(tfbatch sandbox env)"      # aws, cdk, boto3 and tfbatch now use it
    $ tfbatch sandbox down
    """  # noqa: D301 # \b is click's mark for text that stays as it is


@sandbox.command()
@_port
def run(port: int) -> None:
    """Run a sandbox until Ctrl-C, and print the variables that point to it."""
    import signal  # noqa: PLC0415
    import tempfile  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from tfbatch.aws import endpoint  # noqa: PLC0415
    from tfbatch_sandbox.sandbox import Sandbox, SandboxError  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="tfbatch-sandbox-") as directory:
        try:
            running = Sandbox.start(state_dir=Path(directory), port=port)
        except SandboxError as error:
            raise Problem(str(error)) from error
        with running:
            click.echo(endpoint.export_lines(running.environment))
            click.echo("The sandbox is up until Ctrl-C.", err=True)
            signal.pause()


@sandbox.command()
@_port
@json_option
def up(port: int, *, output: Output) -> None:
    """Start one behind the terminal, unless it is up."""
    from tfbatch.sandbox import background  # noqa: PLC0415
    from tfbatch_sandbox.sandbox import SandboxError  # noqa: PLC0415

    try:
        found, is_new = background.start(port=port)
    except SandboxError as error:
        raise Problem(str(error)) from error
    began = "The sandbox is up" if is_new else "A sandbox was up already"
    output.say(f"{began} at {found.endpoint_url}. Point this terminal at it:")
    output.say('\n  eval "$(tfbatch sandbox env)"\n')
    output.emit(_document(found))


@sandbox.command()
@json_option
def down(*, output: Output) -> None:
    """Stop the one behind the terminal, and all that runs in it."""
    from tfbatch.sandbox import background  # noqa: PLC0415

    found = background.stop()
    output.say(f"The sandbox at {found.endpoint_url} is down." if found else _not_up())
    output.emit({"wasUp": found is not None})


@sandbox.command()
@json_option
@click.pass_context
def status(ctx: click.Context, *, output: Output) -> None:
    """Say whether one is up, and where; exit code 3 when none is."""
    from tfbatch.sandbox import background  # noqa: PLC0415

    found = background.find()
    output.emit(_document(found))
    if found is None:
        output.say(_not_up())
        ctx.exit(exit_codes.ATTENTION)
    whose = f" of {found.project}" if found.project else ""
    output.say(
        f"The sandbox{whose} is up at {found.endpoint_url}, process {found.pid}, files in "
        f"{found.directory}."
    )


@sandbox.command()
@json_option
def env(*, output: Output) -> None:
    """Print the export lines that point a terminal at it."""
    from tfbatch.aws import endpoint  # noqa: PLC0415

    found = _up()
    if output.as_json:
        output.emit(found.environment)
    else:
        click.echo(endpoint.export_lines(found.environment))


@sandbox.command()
@click.option("--follow", "-f", is_flag=True, help="Go on as it grows, until Ctrl-C.")
@click.option("--lines", "-n", default=20, show_default=True, help="How many, from its end.")
def logs(*, follow: bool, lines: int) -> None:
    """Print what its server says."""
    import time  # noqa: PLC0415

    found = _up()
    with found.log.open(errors="replace") as file:
        click.echo("".join(file.readlines()[-lines:] if lines else ""), nl=False)
        while follow and found.is_up:
            click.echo(file.read(), nl=False)
            time.sleep(0.2)


def _up() -> Background:
    from tfbatch.sandbox import background  # noqa: PLC0415

    found = background.find()
    if found is None:
        raise Problem(_not_up())
    return found


def _not_up() -> str:
    from tfbatch.sandbox import background  # noqa: PLC0415

    elsewhere = [one.project or "no project" for one in background.others()]
    others = f" (there are sandboxes of {', '.join(elsewhere)})" if elsewhere else ""
    return f"No sandbox of this project is up{others}: start one with 'tfbatch sandbox up'."


def _document(found: Background | None) -> dict[str, object]:
    if found is None:
        return {"up": False}
    return {
        "up": True,
        "endpoint": found.endpoint_url,
        "pid": found.pid,
        "directory": found.directory,
        "project": found.project or None,
        "environment": found.environment,
    }
