"""``tfbatch unpack``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.terminal import exit_codes
from tfbatch.terminal.options import json_option

if TYPE_CHECKING:
    from tfbatch.terminal.output import Output


@click.command()
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST")
@json_option
@click.pass_context
def unpack(ctx: click.Context, *, source: str, target: str, output: Output) -> None:
    """Take the photographs out of TFRecord files.

    SRC is a TFRecord file or a folder of them, DST a folder; both here or in S3. A photograph is
    named by its image/filename, never outside of DST, else by its file and number. Damaged records
    are left out and named; the exit code is 3 then.
    """
    from tfbatch.files.file_store import folder_at  # noqa: PLC0415
    from tfbatch.records.checking import files  # noqa: PLC0415
    from tfbatch.records.unpacking import Unpacker  # noqa: PLC0415

    photos = problems = 0
    for done in Unpacker(target=folder_at(target)).unpack(files([source])):
        photos += done.photos
        problems += len(done.problems)
        for problem in done.problems:
            output.say(f"{done.file}: {problem}")
        output.emit({"file": done.file, "photos": done.photos, "problems": done.problems})
    left = f"; {problems:,} records could not be taken out" if problems else ""
    output.say(f"{photos:,} photographs are in {target}{left}")
    ctx.exit(exit_codes.ATTENTION if problems else exit_codes.OK)
