"""Prints an execution's progress as lines, for logs and programs."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tfbatch.watch import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.terminal.output import Output
    from tfbatch.watch.snapshot import Snapshot

_QUIET_SECONDS = 10.0
"""Between two lines that only show progress."""


class View(Protocol):
    """A way to show snapshots."""

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""


def view(output: Output) -> AbstractContextManager[View]:
    """Return the view that fits the output."""
    if output.as_json:
        return nullcontext(Documents(output))
    console = output.console()
    if console.is_terminal:
        from tfbatch.watch.screen import Screen  # noqa: PLC0415 # rich's, for terminals alone

        return Screen(console)
    return nullcontext(Lines(output))


@dataclass(kw_only=True, slots=True)
class _News:
    """Remembers what was printed."""

    said: set[str] = field(default_factory=set)
    at: float = 0.0

    def of(self, texts: Iterator[str]) -> list[str]:
        """Return the new lines."""
        found = [text for text in texts if text not in self.said]
        self.said.update(found)
        return found


@dataclass(slots=True)
class Lines:
    """Plain lines."""

    output: Output
    _news: _News = field(default_factory=_News)

    def show(self, snapshot: Snapshot) -> None:
        """Print new events, and sometimes the progress."""
        news = self._news.of(_events(snapshot))
        for line in news:
            self.output.say(line)
        is_due = time.monotonic() - self._news.at > _QUIET_SECONDS
        if snapshot.jobs and (is_due or not snapshot.is_running):
            for line in self._news.of(iter([words.totals(snapshot)])):
                self.output.say(line)
            self._news.at = time.monotonic()


def _events(snapshot: Snapshot) -> Iterator[str]:
    """All event lines of a snapshot. A line that is true once stays true."""
    if snapshot.plan:
        yield f"Plan: {words.estimate(snapshot.plan)}"
    for state in snapshot.states:
        if state.status != "waiting":
            yield (
                f"{state.name} …" if state.status == "running" else f"{state.name}: {state.status}"
            )
    for job in snapshot.jobs:
        yield f"Shard {job.shard}: job {job.name} on {words.machines(job)}"
        if job.is_running and not job.records:
            yield f"Shard {job.shard}: {words.job(job)} …"
        if not job.is_running:
            why = f": {job.reason}" if job.reason else ""
            yield f"Shard {job.shard}: job {job.name} {job.status.lower()}{why}"


@dataclass(slots=True)
class Documents:
    """A line of JSON when anything but the time has changed."""

    output: Output
    _last: object = None

    def show(self, snapshot: Snapshot) -> None:
        """Emit it."""
        document = snapshot.document()
        moving = {"seconds", "secondsLeft", "usd", "recordsPerSecond"}
        news = {name: value for name, value in document.items() if name not in moving}
        if news != self._last and snapshot.is_running:
            self._last = news
            self.output.emit(document)
