"""``tfbatch verify``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tfbatch.terminal import exit_codes
from tfbatch.terminal.options import json_option

if TYPE_CHECKING:
    from tfbatch.records.checking import Checked
    from tfbatch.terminal.output import Output


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@json_option
@click.pass_context
def verify(ctx: click.Context, *, paths: tuple[str, ...], output: Output) -> None:
    """Check every record of TFRecord files.

    PATH is a file or a folder, here or in S3; the content shows whether it is gzip or zlib. Checks
    the CRC-32C of each length and record, prints the byte at which each damage begins (in a
    compressed file: of its content), and goes on behind it. Damage makes the exit code 3.
    """
    from tfbatch.records import checking  # noqa: PLC0415

    records = size = number = faulty = 0
    for found in checking.verify(checking.files(paths)):
        records, size, number = records + found.records, size + found.size, number + 1
        faulty += not found.is_sound
        for line in _lines(found):
            output.say(line)
        output.emit(asdict(found))
    state = f"{faulty:,} of them damaged" if faulty else "all sound"
    output.say(f"{records:,} sound records, {size / 1e6:,.1f} MB, in {number:,} files: {state}")
    ctx.exit(exit_codes.ATTENTION if faulty else exit_codes.OK)


def _lines(found: Checked) -> list[str]:
    """The report of a damaged file; nothing for a sound one."""
    lines = [
        f"{found.file}: byte {one.offset:,}: {one.reason}; {one.size:,} bytes lost, after "
        f"{one.after:,} records"
        for one in found.damage
    ]
    if found.problem:
        lines.append(f"{found.file}: {found.problem}")
    return lines
