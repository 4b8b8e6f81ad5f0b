"""``tfbatch sandbox``: AWS on this machine."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

import click

from tfbatch.problem import Problem


@click.group()
def sandbox() -> None:
    """Run AWS on this machine."""


@sandbox.command()
@click.option(
    "--port", default=0, help="Port on 127.0.0.1.", show_default="any free one", metavar="PORT"
)
def run(port: int) -> None:
    """Run it until Ctrl-C, and print how to talk to it."""
    from sandbox.process import Sandbox, SandboxError  # noqa: PLC0415
    from tfbatch import aws  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="tfbatch-sandbox-") as directory:
        try:
            running = Sandbox.start(state_dir=Path(directory), port=port)
        except SandboxError as error:
            raise Problem(str(error)) from error
        with running:
            click.echo(aws.export_lines(running.environment))
            click.echo("The sandbox is up until Ctrl-C.", err=True)
            signal.pause()
