"""``tfbatch export``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.options import json_option

if TYPE_CHECKING:
    from tfbatch.output import Output

_MODELS = ("efficientnet-lite0", "resnet50")


@click.command()
@click.argument("models", nargs=-1, type=click.Choice(_MODELS), metavar="[MODEL]...")
@click.option("--again", is_flag=True, help="Export even when nothing has changed.")
@json_option
def export(models: tuple[str, ...], *, again: bool, output: Output) -> None:
    """Export models that take encoded images.

    They go to models/NAME/1. MODEL is efficientnet-lite0 (the default), whose weights come with an
    installed package, or resnet50, whose weights are downloaded; without a network they are random.
    """
    from tfbatch.export import store  # noqa: PLC0415
    from tfbatch.export.catalog import CATALOG, DEMO_MODEL  # noqa: PLC0415

    for name in models or (DEMO_MODEL,):
        recipe = CATALOG[name]
        found = None if again else store.find(recipe, models=store.MODELS)
        if found:
            output.say(f"{name} is up to date. Weights: {found.weights}")
        else:
            output.say(f"{name}: exporting …")
            found = store.make(recipe, models=store.MODELS, again=again)
            directory = store.MODELS / name / store.VERSION
            output.say(f"{name} is in {directory}. Weights: {found.weights}")
        output.emit(
            {"model": name, "directory": str(store.MODELS / name), "weights": found.weights}
        )
