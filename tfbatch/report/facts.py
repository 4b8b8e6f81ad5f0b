"""Gathers everything that a report shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.report.inputs import fetch
from tfbatch.report.reasons import Reason, reasons
from tfbatch.report.tally import Tally
from tfbatch.report.timeline import Timeline
from tfbatch.results.rows import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfbatch.aws.session import Session
    from tfbatch.report.inputs import Input, Key
    from tfbatch.results.run import Run
    from tfbatch.watch.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Of one run."""

    folder: str
    """Where its outputs lie."""
    summary: Mapping[str, Any]
    tally: Tally
    timeline: Timeline
    reasons: tuple[Reason, ...]
    inputs: Mapping[Key, Input]
    snapshot: Snapshot | None
    """Of its execution; ``None`` where only its folder is known."""

    @property
    def name(self) -> str:
        """Of the execution, or else of the folder."""
        return self.snapshot.name if self.snapshot else self.folder.rstrip("/").rpartition("/")[2]


def gather(
    run: Run,
    session: Session,
    *,
    sample: int,
    with_inputs: bool,
    on_row: Callable[[], None],
) -> Facts:
    """Read a run's outputs, exceptions and logs, and the inputs that are to be shown.

    Args:
        run: which.
        session: whose AWS.
        sample: how many records are shown.
        with_inputs: whether their inputs are shown too.
        on_row: told of each record that is read.
    """
    summary = run.summary()
    tally = Tally(size=sample)
    with rows(run) as found:
        for row in found:
            tally.add(row)
            on_row()
    snapshot = _snapshot(run, session)
    jobs = [job.name for job in snapshot.jobs] if snapshot else []
    return Facts(
        folder=run.folder,
        summary=summary,
        tally=tally,
        timeline=Timeline.read(session.boto.client("logs"), jobs),
        reasons=reasons(run.exceptions()),
        inputs=fetch(tally.shown(), session) if with_inputs else {},
        snapshot=snapshot,
    )


def _snapshot(run: Run, session: Session) -> Snapshot | None:
    if run.arn is None:
        return None
    from tfbatch.watch.observer import Observer  # noqa: PLC0415

    return Observer.of(session.boto, run.arn).look()
