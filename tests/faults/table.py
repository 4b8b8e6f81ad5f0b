"""Writes the table of ``docs/reliability.md``."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from tests.faults.families import FAMILIES
from tests.paths import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.campaign import Campaign, Result

_FILE: Final = REPOSITORY / "docs" / "reliability.md"
_BEGIN, _END = "<!-- faults: begin -->", "<!-- faults: end -->"
_HEAD: Final = "| fault | times | ended right | seconds to recover | lost | what a person sees |"


def write(campaign: Campaign, seconds: float) -> None:
    """Replace the table."""
    text = _FILE.read_text("utf-8")
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    lines = "\n".join(_lines(campaign, seconds))
    _FILE.write_text(f"{before}{_BEGIN}\n{lines}\n{_END}{after}", "utf-8")


def _lines(campaign: Campaign, seconds: float) -> Iterator[str]:
    results = campaign.results.values()
    times, right = sum(one.times for one in results), sum(one.right for one in results)
    yield (
        f"{len(results)} faults happened {times} times, and {right} runs ended right "
        f"(`SEED={campaign.seed}`, at most {seconds / 60:.0f} minutes). "
        f"A run without a fault took {campaign.clean_seconds:.1f} s."
    )
    for family, faults in FAMILIES.items():
        found = [campaign.results[one.name] for one in faults if one.name in campaign.results]
        if found:
            yield from ("", f"### {family}", "", _HEAD, "| --- " * 6 + "|")
            yield from map(_row, found)


def _row(result: Result) -> str:
    fault = result.fault
    taken = f"{statistics.median(result.seconds):.1f}" if result.seconds else "-"
    cells = (fault.name, result.times, result.right, taken, fault.lost, fault.seen)
    return "".join(f"| {cell} " for cell in cells) + "|"
