"""The command line: its group, and how it ends. The commands are listed in tfbatch.commands."""

from __future__ import annotations

import atexit
import gc
import sys

import click

from tfbatch.terminal import exit_codes
from tfbatch.terminal.interrupt import interruptible
from tfbatch.terminal.lazy import LazyGroup


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="tfbatch")
def cli() -> None:
    """Batch inference with TensorFlow models: on AWS, and on this machine."""


def main() -> None:
    """Run the command; an interrupt ends it with exit code 130 and no traceback."""
    # At exit Python looks for garbage in all that the SDK has read: 0.2 s.
    atexit.register(gc.freeze)
    with interruptible():
        try:
            # Without standalone_mode click returns the code of ctx.exit.
            sys.exit(cli(prog_name="tfbatch", standalone_mode=False))
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo("Interrupted. What was started on this machine is stopped.", err=True)
            sys.exit(exit_codes.INTERRUPTED)
