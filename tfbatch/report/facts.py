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
    """The facts of a run."""

    folder: str
    """The output folder."""
    summary: Mapping[str, Any]
    tally: Tally
    timeline: Timeline
    reasons: tuple[Reason, ...]
    inputs: Mapping[Key, Input]
    snapshot: Snapshot | None
    """The state of its execution; ``None`` if only the folder is known."""

    @property
    def name(self) -> str:
        """Name of the execution, or of the folder."""
        return self.snapshot.name if self.snapshot else self.folder.rstrip("/").rpartition("/")[2]


def gather(
    run: Run,
    session: Session,
    *,
    sample: int,
    with_inputs: bool,
    on_row: Callable[[], None],
) -> Facts:
    """Read a run's outputs, exceptions and logs, and the inputs to show.

    Args:
        run: the run.
        session: AWS session.
        sample: number of records to show.
        with_inputs: whether to show their inputs too.
        on_row: called for each record.
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
