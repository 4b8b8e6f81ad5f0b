"""``tfbatch inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.terminal import exit_codes
from tfbatch.terminal.options import json_option

if TYPE_CHECKING:
    from tfbatch.terminal.output import Output


@click.command()
@click.argument("model", metavar="MODEL")
@click.option(
    "--feature",
    "features",
    multiple=True,
    metavar="INPUT=FEATURE",
    help="Which tf.Example feature an input takes. Repeatable.",
)
@click.option("--signature", default="serving_default", show_default=True, help="The one to serve.")
@json_option
@click.pass_context
def inspect(
    ctx: click.Context,
    *,
    model: str,
    features: tuple[str, ...],
    signature: str,
    output: Output,
) -> None:
    """Say what a SavedModel takes and gives.

    MODEL is a SavedModel's folder, a folder of versions, or a model.tar.gz; a path or an S3 URI.
    Shows its signatures, the TensorFlow that wrote it, its size, whether the handler can serve it,
    and what a record of each format must be. The exit code is 3 when the handler can't serve it.
    """
    from tfbatch.inspect import display  # noqa: PLC0415
    from tfbatch.inspect.inspection import inspect as look  # noqa: PLC0415

    pairs = [feature.partition("=") for feature in features]
    for name, equals, feature in pairs:
        if not (name and equals and feature):
            raise click.BadParameter(f"{name!r}: write it as INPUT=FEATURE", param_hint="--feature")
    wanted = {name: feature for name, _, feature in pairs}
    found = look(model, features=wanted, signature=signature)
    for line in display.lines(found):
        output.say(line)
    output.emit(display.document(found))
    ctx.exit(exit_codes.OK if found.is_servable else exit_codes.ATTENTION)
