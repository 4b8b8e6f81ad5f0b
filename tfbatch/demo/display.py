"""Prints the demo: its steps with their times, its jobs and the table of predictions."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from tfbatch.demo.job_lines import LiveLines, PlainLines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from tfbatch.demo.job_lines import JobLines
    from tfbatch.demo.predictions import Prediction

_WIDTH = 88
_WIDEST = 60
"""Characters of a record or a line in the table."""


@dataclass(slots=True)
class Step:
    """A running step. Its code may add to its result."""

    title: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Display:
    """The terminal, or a log."""

    console: Console

    def headline(self, text: str) -> None:
        """Print the headline."""
        self.console.print(Text(f"\n{text}\n", style="bold"))

    @contextmanager
    def step(self, doing: str) -> Iterator[Step]:
        """Show a step, then its result and its duration."""
        step, start = Step(doing), time.monotonic()
        try:
            with self.console.status(f"{doing} …", spinner_style="cyan"):
                yield step
        except Exception:
            self.console.print(Text.assemble(("✗ ", "red"), doing))
            raise
        self._done(step, time.monotonic() - start)

    def jobs(self, names: tuple[str, ...]) -> JobLines:
        """Return a line for each job."""
        if self.console.is_terminal:
            return LiveLines(self.console, names)
        return PlainLines(console=self.console)

    def table(self, jpegs: Mapping[str, Prediction], tfrecords: Mapping[str, Prediction]) -> None:
        """Show photograph, label and probability, and where the two runs differ."""
        table = Table(box=box.SIMPLE_HEAD, header_style="bright_black", pad_edge=False)
        table.add_column("photo")
        table.add_column("label")
        table.add_column("probability", justify="right")
        table.add_column("TFRecord run", justify="right")
        for photo, found in jpegs.items():
            same = found.agrees_with(tfrecords[photo])
            other = tfrecords[photo]
            table.add_row(
                photo,
                Text(found.label, style="bold green" if found.is_cat else "bold"),
                f"{found.probability:.1%}",
                Text("same", style="green")
                if same
                else Text(f"{other.label} {other.probability:.1%}", style="red"),
            )
        self.console.print(table)

    def records(self, title: str, rows: Sequence[tuple[str, str, str | None]]) -> None:
        """Show records, their lines of output, and in red the lines that are errors."""
        table = Table(box=box.SIMPLE_HEAD, header_style="bright_black", pad_edge=False)
        table.add_column(f"{title} record", overflow="ellipsis", no_wrap=True)
        table.add_column("prediction", overflow="ellipsis", no_wrap=True)
        for record, line, error in rows:
            table.add_row(_short(record), Text(_short(line), style="red" if error else "bold"))
        self.console.print(table)

    def say(self, text: str) -> None:
        """Print a sentence."""
        self.console.print(text, highlight=False, soft_wrap=True)

    def failure(self, error: Exception) -> None:
        """Show what failed, and where the logs are."""
        self.console.print()
        self.console.print(Text(str(error), style="red"), soft_wrap=True)
        for note in getattr(error, "__notes__", ()):
            self.console.print(Text(note), soft_wrap=True)

    def _done(self, step: Step, seconds: float) -> None:
        line = Text.assemble(("✓ ", "green"), step.title)
        if step.detail:
            line.append(f"  {step.detail}", style="bright_black")
        width = min(self.console.width, _WIDTH)
        took = f"{seconds:.1f} s"
        line.truncate(width - len(took) - 2, overflow="ellipsis")
        line.pad_right(width - len(took) - line.cell_len)
        line.append(took, style="bright_black")
        self.console.print(line)


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
