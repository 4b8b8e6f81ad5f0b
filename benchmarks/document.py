"""Writes the sections of ``docs/benchmarks.md`` and ``docs/reliability.md``; each has one owner."""

from __future__ import annotations

import os
import platform
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "benchmarks.md"
RELIABILITY = ROOT / "docs" / "reliability.md"


def machine() -> str:
    """The machine and its load, in words."""
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}; load "
        f"{os.getloadavg()[0]:.1f} when it ended, of which the benchmark makes a part"
    )


def write(name: str, content: str, file: Path = FILE) -> None:
    """Replace the section between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = file.read_text() if file.exists() else f"# {file.stem.capitalize()}\n"
    before, _, rest = text.partition(begin)
    after = rest.partition(end)[2]
    file.write_text(f"{before.rstrip()}\n\n{begin}\n{content.rstrip()}\n{end}\n{after.lstrip()}")


def mark(reached: bool) -> str:  # noqa: FBT001 # one flag, one meaning
    """Return the sign beside a target."""
    return "✓" if reached else "✗"
