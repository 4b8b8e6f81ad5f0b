"""Shows the progress and the result of a search: a table and a plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from tfbatch.tune.sweep import Found
    from tfbatch.tune.trial import Trial

_BAR = 32
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, kw_only=True, slots=True)
class Display:
    """The terminal, or a log."""

    console: Console

    def trial(self, trial: Trial) -> None:
        """Show a finished trial."""
        rate = f"{trial.rate:,.4g} records/s ± {trial.interval:.1%}"
        rate = trial.problem or rate
        style = "red" if trial.problem else "bold"
        self.console.print(Text.assemble(f"  {trial.knobs}: ", (rate, style)))

    def found(self, found: Found) -> None:
        """The table of all trials, with the knee and the best marked and a bar for each rate."""
        table = Table(box=box.SIMPLE_HEAD, header_style="bright_black", pad_edge=False)
        for name in (
            "at a time",
            "batch",
            "wait ms",
            "workers",
            "records/s",
            "±",
            "p50 ms",
            "",
            "",
        ):
            right = bool(name)
            table.add_column(name, justify="right" if right else "left", no_wrap=True)
        trials = [*found.concurrency, *found.others]
        most = max(trial.rate for trial in trials)
        for number, trial in enumerate(trials):
            if number == len(found.concurrency):
                table.add_section()
            table.add_row(*_cells(trial), _bar(trial, most, found), _mark(trial, found))
        self.console.print(table)


def _cells(trial: Trial) -> list[str]:
    knobs = trial.knobs
    micros = knobs.timeout_micros
    return [
        str(knobs.concurrency),
        _known(knobs.batch_size),
        "" if micros is None else f"{micros / 1000:g}",
        _known(knobs.workers),
        f"{trial.rate:,.4g}" if trial.rate else "failed",
        f"{trial.interval:.1%}" if trial.rate else "",
        _known(trial.latency_ms),
    ]


def _known(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _bar(trial: Trial, most: float, found: Found) -> Text:
    """A bar as long as the rate, in eighths of a character."""
    eighths = round(trial.rate / most * _BAR * 8)
    bar = _EIGHTHS[8] * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
    is_marked = trial is found.knee or trial is found.best
    return Text(bar, style="green" if is_marked else "cyan")


def _mark(trial: Trial, found: Found) -> Text:
    marks = ["◀ knee"] if trial is found.knee else []
    if trial is found.best and found.best is not found.knee:
        marks.append("◀ best")
    return Text(" ".join(marks), style="bold green")
