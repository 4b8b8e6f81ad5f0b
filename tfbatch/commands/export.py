"""``tfbatch export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfbatch.commands.arguments import decode_option
from tfbatch.export.variant import PIXELS
from tfbatch.terminal.options import json_option
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from tfbatch.export.catalog import Recipe
    from tfbatch.export.store import Export
    from tfbatch.export.variant import Decode, Precision
    from tfbatch.terminal.output import Output

_PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


@click.command()
@click.argument("targets", nargs=-1, metavar="[ARCHITECTURE|MODULE:FUNCTION]...")
@click.option("--again", is_flag=True, help="Export even when nothing has changed.")
@click.option(
    "--needed",
    is_flag=True,
    help="Only the known architectures that a stage of the project serves.",
)
@click.option("--name", help="Of the model.  [default: the architecture's or function's]")
@click.option(
    "--top-k",
    type=click.IntRange(1),
    metavar="K",
    help="Answer with the K likeliest classes, chosen in the graph; the handler's output is raw.",
)
@click.option("--exif", is_flag=True, help="Turn photographs as their EXIF orientation says.")
@click.option(
    "--precision",
    type=click.Choice(_PRECISIONS),
    default="float32",
    show_default=True,
    help="Keras's policy; the answers are compared with float32's, and held to them.",
)
@decode_option
@click.option(
    "--xla",
    is_flag=True,
    help="Compile the network by XLA, anew for each size of batch; compared as well.",
)
@click.option(
    "--pixels",
    type=click.Choice(PIXELS),
    default=PIXELS[0],
    show_default=True,
    help="What a function's network takes: pixels as decoded, scaled, or as keras.applications.",
)
@click.option(
    "--labels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Class names of a function's network, one a line.",
)
@json_option
def export(  # noqa: PLR0913 # one for each option
    targets: tuple[str, ...],
    *,
    again: bool,
    needed: bool,
    name: str | None,
    top_k: int | None,
    exif: bool,
    precision: Precision,
    decode: Decode,
    xla: bool,
    pixels: str,
    labels: Path | None,
    output: Output,
) -> None:
    """Export models that take encoded images.

    They go to models/NAME/1. ARCHITECTURE is efficientnet-lite0 (the default), whose weights come
    with an installed package, or resnet50, whose weights are downloaded; without a network they are
    random. FUNCTION takes nothing and returns a keras.Model of square images and class
    probabilities, with its weights. Decoding and resizing are put in front of it, in the graph.
    """
    from tfbatch import project  # noqa: PLC0415
    from tfbatch.export import store  # noqa: PLC0415
    from tfbatch.export.catalog import DEMO_MODEL  # noqa: PLC0415
    from tfbatch.export.variant import Variant  # noqa: PLC0415

    if needed and targets:
        raise click.BadParameter("--needed chooses the models: name none.")
    wanted = _needed() if needed else targets or (DEMO_MODEL,)
    if name and len(wanted) > 1:
        raise Problem(f"--name = {name!r}: {len(wanted)} models can't have one name.")
    variant = Variant(top_k=top_k, exif=exif, precision=precision, decode=decode, xla=xla)
    models = project.models()
    for target in wanted:
        recipe = _recipe(target, name=name, pixels=pixels, labels=labels)
        found = None if again else store.find(recipe, models=models, variant=variant)
        if found:
            output.say(f"{recipe.name} is up to date. {_words(found)}")
        else:
            output.say(f"{recipe.name}: exporting …")
            found = store.make(recipe, models=models, again=again, variant=variant)
            directory = models / recipe.name / store.VERSION
            output.say(f"{recipe.name} is in {directory}. {_words(found)}")
        output.emit(
            {
                "model": recipe.name,
                "directory": str(models / recipe.name),
                "weights": found.weights,
                "comparison": found.comparison or None,
            }
        )


def _needed() -> tuple[str, ...]:
    """The known architectures in models/NAME that a stage serves and that no one else made."""
    from tfbatch import project  # noqa: PLC0415
    from tfbatch.export import store  # noqa: PLC0415
    from tfbatch.export.catalog import CATALOG  # noqa: PLC0415

    served = {
        (project.directory() / model.directory).resolve()
        for stage in project.stages()
        for model in stage.models
    }
    folders = {name: (project.models() / name).resolve() for name in CATALOG}
    return tuple(
        name
        for name, folder in folders.items()
        if folder in served and not store.is_foreign(folder)
    )


def _words(found: Export) -> str:
    compared = f"; {found.comparison}" if found.comparison else ""
    return f"Weights: {found.weights}{compared}"


def _recipe(target: str, *, name: str | None, pixels: str, labels: Path | None) -> Recipe:
    """The recipe of an architecture or a function.

    Raises:
        click.BadParameter: it doesn't exist.
    """
    from dataclasses import replace  # noqa: PLC0415

    from tfbatch.export import custom  # noqa: PLC0415
    from tfbatch.export.catalog import CATALOG  # noqa: PLC0415

    if target in CATALOG:
        known = CATALOG[target]
        return replace(known, name=name) if name else known
    if ":" not in target:
        raise click.BadParameter(
            f"{target!r} is no architecture: use {', '.join(CATALOG)}, or MODULE:FUNCTION."
        )
    default = target.rpartition(":")[2].lower().replace("_", "-")
    return custom.recipe(target, name=name or default, pixels=pixels, labels=labels)
