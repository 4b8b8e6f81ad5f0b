"""Writes the sections of ``docs/benchmarks.md``; every benchmark owns one."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def write(name: str, content: str) -> None:
    """Replace the section between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = FILE.read_text() if FILE.exists() else "# Benchmarks\n"
    before, _, rest = text.partition(begin)
    after = rest.partition(end)[2]
    FILE.write_text(f"{before.rstrip()}\n\n{begin}\n{content.rstrip()}\n{end}\n{after.lstrip()}")


def mark(reached: bool) -> str:  # noqa: FBT001 # one flag, one meaning
    """Return the sign beside a target."""
    return "✓" if reached else "✗"
