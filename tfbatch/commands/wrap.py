"""``tfbatch wrap``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfbatch.commands.arguments import decode_option
from tfbatch.export.variant import PIXELS
from tfbatch.terminal.options import json_option
from tfbatch.terminal.problem import Problem
from tfbatch.wrap.plan import FITS

if TYPE_CHECKING:
    from tfbatch.export.variant import Decode
    from tfbatch.terminal.output import Output
    from tfbatch.wrap.plan import Fit


@click.command()
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST", type=click.Path(path_type=Path))
@click.option(
    "--signature",
    default="serving_default",
    show_default=True,
    help="Which of the model's to call; the result has serving_default.",
)
@click.option(
    "--pixels",
    type=click.Choice(PIXELS),
    help="What the network takes: pixels as decoded, scaled, or as keras.applications.",
)
@click.option(
    "--fit",
    type=click.Choice(FITS),
    default=FITS[0],
    show_default=True,
    help="How an image gets the model's proportions: its center, with borders, or distorted.",
)
@click.option(
    "--size", metavar="HEIGHTxWIDTH", help="To resize to, if the model takes images of any size."
)
@click.option("--exif", is_flag=True, help="Turn photographs as their EXIF orientation says.")
@decode_option
@click.option(
    "--top-k",
    type=click.IntRange(1),
    metavar="K",
    help="Answer with the K likeliest classes; the handler's output is raw.",
)
@click.option(
    "--photo",
    "photos",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with the original on it. Repeatable.  [default: generated images]",
)
@json_option
def wrap(  # noqa: PLR0913 # one for each option
    source: str,
    target: Path,
    *,
    signature: str,
    pixels: str | None,
    fit: Fit,
    size: str | None,
    exif: bool,
    decode: Decode,
    top_k: int | None,
    photos: tuple[Path, ...],
    output: Output,
) -> None:
    """Make a model that takes encoded images of one that takes pixels.

    SRC is a SavedModel's folder, a folder of versions or a .tar.gz: a path, s3://… or https://…;
    the code that built it isn't needed. DST is a new folder, such as models/NAME. Decoding,
    cropping, resizing and scaling are put in front of the model, in the graph, and so is a batch
    dimension if it has none. Both are compared on a few images. A model that doesn't take pixels
    keeps its inputs, and gets the signature serving_default and --top-k.
    """
    from tfbatch.wrap.plan import Options  # noqa: PLC0415
    from tfbatch.wrap.run import wrap as make  # noqa: PLC0415

    options = Options(
        signature=signature,
        pixels=pixels,
        fit=fit,
        size=_size(size),
        exif=exif,
        decode=decode,
        top_k=top_k,
    )
    made = make(source, target, options, photos=[photo.read_bytes() for photo in photos])
    output.say(f"{target} is written.")
    output.say(f"  was  {made.before}")
    output.say(f"  is   {made.after}")
    agreement = made.agreement
    if agreement.photographs:
        output.say(
            f"  Of {agreement.photographs} images it says what the original says of their pixels; "
            f"the largest difference is {agreement.difference:.2%} of an output's largest value."
        )
    output.say(f"To pin it: tfbatch model add {target.name} {target}")
    output.emit(
        {
            "directory": str(target),
            "was": str(made.before),
            "is": str(made.after),
            "photographs": agreement.photographs,
            "difference": agreement.difference,
        }
    )


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise Problem(f"--size = {text!r}: write it as HEIGHTxWIDTH, such as 224x224.")
    return int(height), int(width)
