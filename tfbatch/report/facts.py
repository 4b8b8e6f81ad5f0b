"""Gathers the data of a report: summary, predictions, exceptions, logs and inputs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfbatch.report.inputs import fetch
from tfbatch.report.tally import Tally
from tfbatch.report.timeline import Timeline
from tfbatch.results.rows import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tfbatch.aws.session import Session
    from tfbatch.report.inputs import Input, Key
    from tfbatch.results.run import Run
    from tfbatch.watch.snapshot import Snapshot

_REASONS = 200
_EXAMPLES = 50
_DIGITS = re.compile(r"\d+")
_NODES = re.compile(r"\s*\[\[\{\{.*\}\}\]\]\s*$", re.DOTALL)
"""Where in its graph TensorFlow found it, which doesn't help people."""
OTHERS = "further reasons"


@dataclass(kw_only=True, slots=True)
class Reason:
    """Why some inputs have no prediction."""

    text: str
    """Text of the first one."""
    count: int
    examples: list[str]
    """The first inputs: a key, and the record's number if it is a record."""


def reasons(exceptions: Iterable[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """Group exceptions whose reasons differ only in numbers."""
    found: dict[str, Reason] = {}
    for one in exceptions:
        text = _NODES.sub("", str(one["reason"]))
        shape = _DIGITS.sub("#", text)
        if shape not in found and len(found) >= _REASONS:
            shape = text = OTHERS
        reason = found.setdefault(shape, Reason(text=text, count=0, examples=[]))
        reason.count += 1
        if len(reason.examples) < _EXAMPLES:
            record = "" if one["record"] is None else f" #{one['record']}"
            reason.examples.append(f"{one['key']}{record}")
    return tuple(sorted(found.values(), key=lambda reason: (-reason.count, reason.text)))


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
