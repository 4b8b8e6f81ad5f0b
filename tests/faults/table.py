"""Writes the table of ``docs/reliability.md``."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from benchmarks import document
from tests.faults.families import FAMILIES
from tests.paths import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.faults.campaign import Result

_FILE: Final = REPOSITORY / "docs" / "reliability.md"
_BEGIN, _END = "<!-- faults: begin -->", "<!-- faults: end -->"
_HEAD: Final = "| fault | times | ended right | seconds to recover | lost | what a person sees |"


def write(results: Mapping[str, Result], seed: str, clean_seconds: float) -> None:
    """Replace the table."""
    text = _FILE.read_text("utf-8")
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    lines = "\n".join(_lines(results, seed, clean_seconds))
    _FILE.write_text(f"{before}{_BEGIN}\n{lines}\n{_END}{after}", "utf-8")


def _lines(results: Mapping[str, Result], seed: str, clean_seconds: float) -> Iterator[str]:
    times = sum(one.times for one in results.values())
    right = sum(one.right for one in results.values())
    yield (
        f"{len(results)} faults happened {times} times, and {right} runs ended right ({seed}). "
        f"A run without a fault took {clean_seconds:.1f} s. Measured on {document.machine()}."
    )
    for family, faults in FAMILIES.items():
        found = [results[one.name] for one in faults if one.name in results]
        if found:
            yield from ("", f"### {family}", "", _HEAD, "| --- " * 6 + "|")
            yield from map(_row, found)


def _row(result: Result) -> str:
    fault = result.fault
    taken = f"{statistics.median(result.seconds):.1f}" if result.seconds else "-"
    cells = (fault.name, result.times, result.right, taken, fault.lost, fault.seen)
    return "".join(f"| {cell} " for cell in cells) + "|"
