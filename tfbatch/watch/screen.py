"""Draws an execution on a terminal: states, a bar for each shard, totals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tfbatch.watch import words

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import Console, RenderableType

    from tfbatch.watch.snapshot import Shard, Snapshot

_FAINT = "bright_black"
_MARKS = {
    "done": ("✓", "green"),
    "running": ("●", "bold cyan"),
    "failed": ("✗", "bold red"),
    "waiting": ("○", _FAINT),
}
_STATUS_STYLES = {"RUNNING": "bold cyan", "SUCCEEDED": "bold green"}
_ROWS = 12
"""Shards shown at a time, running ones first."""
_BAR_WIDTH = 28
_WIDE = 110
"""From this width on a row has all its parts."""


def render(snapshot: Snapshot, *, width: int) -> Group:
    """Draw a snapshot.

    Args:
        snapshot: the snapshot.
        width: of the screen, in characters.
    """
    style = _STATUS_STYLES.get(snapshot.status, "bold red")
    parts: list[RenderableType] = [
        Text.assemble((snapshot.name, "bold"), "  ", (snapshot.status, style)),
        _states(snapshot),
    ]
    if snapshot.plan:
        parts.append(Text(f"Plan: {words.estimate(snapshot.plan)}", style=_FAINT))
    if snapshot.jobs:
        parts += [
            _bars(snapshot.shards, width),
            *_rest(snapshot.shards),
            Text(words.totals(snapshot)),
        ]
    return Group(*parts)


def _states(snapshot: Snapshot) -> Columns:
    """Mark, name and time of each state, on as many lines as needed."""
    return Columns(
        [
            Text.assemble(
                (f"{_MARKS[state.status][0]} {state.name}", _MARKS[state.status][1]),
                ("" if state.seconds is None else f" {words.duration(state.seconds)}", _FAINT),
            )
            for state in snapshot.states
        ],
        padding=(0, 3, 0, 0),
    )


def _shown(shards: tuple[Shard, ...]) -> list[Shard]:
    """Of many shards the running ones, then the next ones or the last ones."""
    if len(shards) <= _ROWS:
        return list(shards)
    ranked = sorted(shards, key=lambda one: (one.is_done, one.job is None))
    return sorted(ranked[:_ROWS], key=lambda one: one.name)


def _rest(shards: tuple[Shard, ...]) -> list[Text]:
    hidden = len(shards) - len(_shown(shards))
    if not hidden:
        return []
    done = sum(shard.is_done for shard in shards)
    text = f"  and {hidden:,} more; {done:,} of {words.count(len(shards), 'shard')} are done"
    return [Text(text, style=_FAINT)]


def _bars(shards: tuple[Shard, ...], width: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(no_wrap=True)
    for _ in range(3):
        table.add_column(no_wrap=True, justify="right")
    for shard in _shown(shards):
        bar = ProgressBar(
            total=max(shard.total, 1),
            completed=max(shard.total, 1) if shard.is_done else shard.records,
            width=_BAR_WIDTH if width >= _WIDE else _BAR_WIDTH // 2,
            style=_FAINT,
            complete_style="cyan",
            finished_style="green",
        )
        more = _more(shard) if width >= _WIDE else ()
        table.add_row(_mark(shard), shard.name, bar, *_counts(shard), *more)
    return table


def _mark(shard: Shard) -> Text:
    failed = shard.job is not None and shard.job.status == "Failed"
    name = "done" if shard.is_done else "failed" if failed else "running"
    return Text(*_MARKS[name if shard.job or shard.is_done else "waiting"])


def _counts(shard: Shard) -> tuple[Text, Text, Text]:
    """Records, records/s and the time left, or what it waits for."""
    if not shard.records:
        return Text(words.shard(shard), _FAINT), Text(), Text()
    rate = shard.job.records_per_second if shard.job else 0.0
    left = 0.0 if shard.is_done else shard.seconds_left
    return (
        Text(f"{shard.records:,} of {shard.total:,}"),
        Text(f"{rate:,.1f}/s" if rate else ""),
        Text(f"{words.duration(math.ceil(left))} left" if left else "", _FAINT),
    )


def _more(shard: Shard) -> tuple[Text, Text]:
    """Instances with their time, and errors, if there is room."""
    job = shard.job
    machines = f"{words.machines(job)}, {words.duration(job.seconds)}" if job else ""
    again = f"try {job.attempt}" if job and job.attempt > 1 else ""
    faults = words.count(shard.exceptions, "exception") if shard.exceptions else ""
    return Text(machines, _FAINT), Text(" · ".join(filter(None, (again, faults))), "yellow")


class Screen:
    """The newest snapshot, redrawn in place."""

    def __init__(self, console: Console) -> None:
        # Nothing changes between two polls, so no refresh is needed.
        console.soft_wrap = False  # the number of lines must be the visible one
        self._live = Live(console=console, auto_refresh=False)

    def show(self, snapshot: Snapshot) -> None:
        """Draw."""
        self._live.update(render(snapshot, width=self._live.console.width), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()
