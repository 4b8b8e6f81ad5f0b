"""Shows the progress and the result of packing."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tfbatch.records import packing_run
from tfbatch.terminal import exit_codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch.records.packing import Packed
    from tfbatch.records.packing_run import Request
    from tfbatch.terminal.output import Output

_NAMED = 20
"""Skipped files that the terminal shows. --json has all."""


def run(request: Request, output: Output) -> int:
    """Pack with a progress bar.

    Returns:
        The exit code.
    """
    shards = packing_run.plan(request)
    total = sum(entry.size for shard in shards for entry in shard.entries)
    lock, start = threading.Lock(), time.monotonic()
    console = output.console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[photos]:,} photos"),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("Packing", total=total, photos=0)
        photos = 0

        def on_photo(size: int) -> None:
            nonlocal photos
            with lock:
                photos += 1
                bar.update(task, advance=size, photos=photos)

        def on_file(packed: Packed) -> None:
            with lock:
                output.emit(_document(packed))

        done = packing_run.pack(request, shards, on_photo=on_photo, on_file=on_file)
    return _conclude(done, output, seconds=time.monotonic() - start, where=request.target.shown(""))


def _document(packed: Packed) -> dict[str, object]:
    return {
        "file": packed.shard.name,
        "records": packed.records,
        "was_there": packed.was_there,
        "skipped": [{"name": one.name, "reason": one.reason} for one in packed.skipped],
    }


def _conclude(done: Sequence[Packed], output: Output, *, seconds: float, where: str) -> int:
    records, there = sum(one.records for one in done), sum(one.was_there for one in done)
    size = sum(one.size for one in done) / 1e6
    skipped = [one for packed in done for one in packed.skipped]
    before = f", {there:,} of them by an earlier run" if there else ""
    output.say(
        f"{records:,} photographs ({size:,.1f} MB) are in {len(done):,} files in {where}{before}. "
        f"What was written is read back and sound. {seconds:.1f} s"
    )
    for one in skipped[:_NAMED]:
        output.say(f"left out: {one.name} {one.reason}")
    if len(skipped) > _NAMED:
        output.say(f"left out: {len(skipped) - _NAMED:,} more; --json names them all")
    return exit_codes.ATTENTION if skipped else exit_codes.OK
