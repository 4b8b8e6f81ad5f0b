"""``tfbatch demo``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--keep", is_flag=True, help="Leave the sandbox up at the end, until Ctrl-C.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Where copies of the predictions go.",
)
@click.pass_context
def demo(ctx: click.Context, *, keep: bool, output: Path) -> None:
    """Deploy into a sandbox and classify photographs in it.

    Exports the model when it isn't there, starts a sandbox, bootstraps and deploys, runs the state
    machine over JPEG objects and over TFRecord files, and holds their predictions together.
    """
    from tfbatch.demo.main import run  # noqa: PLC0415

    ctx.exit(run(output=output, keep=keep))
