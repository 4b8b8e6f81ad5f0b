"""The command line: what can be asked for, and how it ends. What is done is done elsewhere.

Each command imports what it needs when it runs, so that ``tfbatch --help`` answers at once.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

import click

from tfbatch.interrupt import EXIT_CODE, interruptible

_MODELS = ("efficientnet-lite0", "resnet50")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tfbatch")
def cli() -> None:
    """Batch inference with TensorFlow models: on AWS, and on this machine."""


@cli.command()
@click.argument("models", nargs=-1, type=click.Choice(_MODELS), metavar="[MODEL]...")
@click.option("--again", is_flag=True, help="Export even when nothing has changed.")
def export(models: tuple[str, ...], *, again: bool) -> None:
    """Export models that take encoded images, to models/NAME/1.

    MODEL is efficientnet-lite0 (the default), whose weights come with an installed package, or
    resnet50, whose weights are downloaded; without a network they are random.
    """
    from tfbatch.export import store  # noqa: PLC0415
    from tfbatch.export.catalog import CATALOG, DEMO_MODEL  # noqa: PLC0415

    for name in models or (DEMO_MODEL,):
        recipe = CATALOG[name]
        if not again and (found := store.find(recipe, models=store.MODELS)):
            click.echo(f"{name} is up to date. Weights: {found.weights}")
            continue
        click.echo(f"{name}: exporting …")
        made = store.make(recipe, models=store.MODELS, again=again)
        click.echo(f"{name} is in {store.MODELS / name / store.VERSION}. Weights: {made.weights}")


@cli.command()
@click.option(
    "--port", default=0, help="Port on 127.0.0.1.", show_default="any free one", metavar="PORT"
)
def sandbox(port: int) -> None:
    """Run AWS on this machine, until Ctrl-C, and print how to talk to it."""
    from sandbox.process import Sandbox, SandboxError  # noqa: PLC0415
    from tfbatch import aws  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="tfbatch-sandbox-") as directory:
        try:
            running = Sandbox.start(state_dir=Path(directory), port=port)
        except SandboxError as error:
            raise click.ClickException(str(error)) from error
        with running:
            click.echo(aws.export_lines(running.environment))
            click.echo("The sandbox is up until Ctrl-C.", err=True)
            signal.pause()


@cli.command()
@click.option("--keep", is_flag=True, help="Leave the sandbox up at the end, until Ctrl-C.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Where copies of the predictions go.",
)
def demo(*, keep: bool, output: Path) -> None:
    """Deploy into a sandbox, classify photographs in it, and show what was found."""
    from tfbatch.demo.main import run  # noqa: PLC0415

    sys.exit(run(output=output, keep=keep))


@cli.command()
@click.option("--base", required=True, metavar="REF", help="What it is compared with: a commit.")
@click.option(
    "--head",
    default="WORKTREE",
    show_default=True,
    metavar="REF",
    help="What is reviewed: a commit, or the working tree as it is.",
)
@click.option(
    "--stage", "stages", multiple=True, metavar="NAME", help="Only this stage. Repeatable."
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(("md", "html", "json")),
    help="Only this form. Repeatable.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("review"),
    show_default=True,
    help="Where review.md, review.html and review.json go.",
)
@click.option(
    "--deployed",
    is_flag=True,
    help="Compare with what is deployed (read-only), and say where that isn't the base.",
)
def review(  # noqa: PLR0913 # one for each option
    *,
    base: str,
    head: str,
    stages: tuple[str, ...],
    formats: tuple[str, ...],
    out: Path,
    deployed: bool,
) -> None:
    """Say what a change of the infrastructure does: what could hurt, and what it costs.

    Synthesizes both sides, without credentials, and compares them. The exit code is 0 when nothing
    is risky, 3 when it needs attention, 4 when it is destructive, 1 when it can't be made.
    """
    from tfbatch.review import main as reviews  # noqa: PLC0415
    from tfbatch.review.errors import ReviewError  # noqa: PLC0415

    try:
        request = reviews.Request(
            repository=reviews.REPOSITORY, base=base, head=head, stages=stages, deployed=deployed
        )
        sys.exit(reviews.run(request, formats=formats or reviews.FORMATS, out=out))
    except ReviewError as error:
        raise click.ClickException(str(error)) from error


def main() -> None:
    """Run the command; an interrupt ends it with exit code 130 and no traceback."""
    with interruptible():
        try:
            cli(standalone_mode=False)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo("Interrupted. Everything that was started is stopped.", err=True)
            sys.exit(EXIT_CODE)
