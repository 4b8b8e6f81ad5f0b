"""``tfbatch pack``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tfbatch.terminal.options import json_option

if TYPE_CHECKING:
    from tfbatch.terminal.output import Output


@click.command()
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST")
@click.option(
    "--records-per-file",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Photographs in each file but the last.",
)
@click.option(
    "--name",
    default="photos",
    show_default=True,
    metavar="NAME",
    help="How the files' names begin: NAME-00000-of-00100.tfrecord.",
)
@click.option(
    "--gzip",
    "compress",
    is_flag=True,
    help="Compress each file, for tf.data; transform jobs here read plain files.",
)
@click.option("--strict", is_flag=True, help="Stop at a file that is no image, not skip it.")
@click.option("--again", is_flag=True, help="Pack what an earlier run has finished too.")
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=16,
    show_default=True,
    help="Photographs that are read at a time.",
)
@json_option
@click.pass_context
def pack(  # noqa: PLR0913 # one for each option
    ctx: click.Context,
    *,
    source: str,
    target: str,
    records_per_file: int,
    name: str,
    compress: bool,
    strict: bool,
    again: bool,
    threads: int,
    output: Output,
) -> None:
    """Pack photographs into TFRecord files.

    SRC and DST are folders, here or in S3 (s3://bucket/folder/). Each photograph becomes a
    tf.train.Example with image/encoded, image/format and image/filename, in the order of the names.
    Every file is read back before it counts; called again, the command makes only what is missing.
    The exit code is 3 when files that are no images were left out.
    """
    from tfbatch.files.file_store import folder_at  # noqa: PLC0415
    from tfbatch.records import packing_display  # noqa: PLC0415
    from tfbatch.records.packing_run import Request  # noqa: PLC0415

    request = Request(
        source=folder_at(source),
        target=folder_at(target),
        records_per_file=records_per_file,
        name=name,
        compress=compress,
        strict=strict,
        again=again,
        threads=threads,
    )
    ctx.exit(packing_display.run(request, output))
