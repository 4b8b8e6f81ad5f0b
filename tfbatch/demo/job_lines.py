"""Prints one progress line for each transform job, live on a terminal and plain in a log.

Both show records done, records in total, speed and time left.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from tfbatch.watch.words import shard as shard_words

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import Console
    from rich.progress import TaskID

    from tfbatch.watch.snapshot import Shard

_PLAIN_SECONDS = 5.0


def words(shard: Shard | None) -> str:
    """The progress of a run with one shard; ``None`` before it is planned."""
    if shard is None or (shard.job is None and not shard.is_done):
        return "checking the request"
    return shard_words(shard)


class JobLines(Protocol):
    """Lines on some kind of screen."""

    def show(self, name: str, shard: Shard | None) -> None:
        """Show the current state of a job."""

    def __enter__(self) -> Self:
        """Start the display."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, with the last state of each line."""


class LiveLines:
    """Lines that are updated in place, for a terminal."""

    def __init__(self, console: Console, names: tuple[str, ...]) -> None:
        self._bars = Progress(
            SpinnerColumn("dots", style="cyan", finished_text="[green]✓[/]"),
            TextColumn("{task.description}"),
            BarColumn(
                24,
                style="bright_black",
                complete_style="cyan",
                finished_style="green",
                pulse_style="cyan",
            ),
            TextColumn("{task.fields[words]}", style="bright_black"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {
            name: self._bars.add_task(name, total=None, words=words(None)) for name in names
        }

    def show(self, name: str, shard: Shard | None) -> None:
        """Update a line."""
        started = shard is not None and shard.records > 0
        self._bars.update(
            self._tasks[name],
            completed=shard.records if shard else 0,
            total=shard.total if shard and started else None,
            words=words(shard),
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()


@dataclass(kw_only=True, slots=True)
class PlainLines:
    """A new line when something changes, for a file; at most one in some seconds for each job."""

    console: Console
    _last: dict[str, tuple[float, str]] = field(default_factory=dict)
    _complete: set[str] = field(default_factory=set)

    def show(self, name: str, shard: Shard | None) -> None:
        """Print a line if it is new and the last one is old, or if it is the last."""
        if name in self._complete:
            return
        said_at, said = self._last.get(name, (0.0, ""))
        news = words(shard)
        complete = shard is not None and shard.records == shard.total
        if complete:
            self._complete.add(name)
        if complete or (news != said and time.monotonic() - said_at > _PLAIN_SECONDS):
            self.console.print(f"  {name}: {news}", highlight=False)
            self._last[name] = (time.monotonic(), news)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None
