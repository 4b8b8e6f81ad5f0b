"""``tfbatch count``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.terminal import exit_codes
from tfbatch.terminal.options import json_option

if TYPE_CHECKING:
    from tfbatch.terminal.output import Output


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@json_option
@click.pass_context
def count(ctx: click.Context, *, paths: tuple[str, ...], output: Output) -> None:
    """Count the records of TFRecord files.

    PATH is a file or a folder, here or in S3. Reads the frames' headers alone; a file whose frames
    can't be followed to its end is named, and the exit code is 3.
    """
    from tfbatch.records import checking  # noqa: PLC0415

    total = number = faulty = 0
    for found in checking.count(checking.files(paths)):
        total, number = total + found.records, number + 1
        faulty += not found.is_sound
        problem = f"  {found.problem}" if found.problem else ""
        output.say(f"{found.records:>12,}  {found.file}{problem}")
        output.emit({"file": found.file, "records": found.records, "problem": found.problem})
    output.say(f"{total:>12,}  in {number:,} files")
    ctx.exit(exit_codes.ATTENTION if faulty else exit_codes.OK)
