"""The table of packing and checking, for the terminal and for docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import document
from benchmarks.document import mark

if TYPE_CHECKING:
    from collections.abc import Sequence


_VERIFY_MB = 200
_METHOD = """## Records

`make bench-records`. CPU time of one process for a TFRecord file of 100 MB of photographs, the
least of seven turns, to the temporary folder. The rival writes what TensorFlow's tutorial writes
(`tf.train.Example`, `tf.io.TFRecordWriter`), of the same photographs; neither side reads from a
disk, and what `tfbatch pack` reads back afterwards costs what `verify` does. `TFRecordDataset`
checks its checksums too. Promised: packing at least as fast as the rival, `verify` at least
200 MB/s on one core."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """CPU seconds of one file."""

    size: int
    """Bytes of a photograph."""
    records: int
    theirs: float
    ours: float
    read: float
    """TensorFlow's ``TFRecordDataset``, which checks the checksums too."""
    verify: float


def table(times: Sequence[Times]) -> str:
    """A row for each size of photographs."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    load = f"load {os.getloadavg()[0]:.1f} when it ended"
    lines = [f"Measured on {machine}, while other programs ran ({load}).", ""]
    lines += ["| photograph | TensorFlow µs a record | tfbatch | TensorFlow / tfbatch | target |"]
    lines[-1] += " TFRecordDataset MB/s | verify MB/s | target |"
    lines += ["| ---: | ---: | ---: | ---: | --- | ---: | ---: | --- |"]
    lines += [_row(one) for one in times]
    return "\n".join(lines)


def _row(one: Times) -> str:
    micro, size = 1e6 / one.records, one.records * one.size / 1e6
    ratio, rate = one.theirs / one.ours, size / one.verify
    return (
        f"| {one.size // 1000:,} KB | {one.theirs * micro:.0f} | {one.ours * micro:.0f} | "
        f"{ratio:.2f} | 1 {mark(ratio >= 1)} | {size / one.read:,.0f} | {rate:,.0f} | "
        f"{_VERIFY_MB} {mark(rate >= _VERIFY_MB)} |"
    )


def write(section: str) -> None:
    """Write the section of docs/benchmarks.md."""
    document.write("records", f"{_METHOD}\n\n{section}")
