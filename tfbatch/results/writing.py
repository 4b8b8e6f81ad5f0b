"""Writes a run's rows to a local file or to S3, atomically."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch.files.file_store import file_at
from tfbatch.results.rows import rows
from tfbatch.results.sinks import ColumnError, write_csv, write_jsonl, write_parquet
from tfbatch.terminal.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tfbatch.aws.session import Session
    from tfbatch.results.rows import Row
    from tfbatch.results.run import Run

SINKS: dict[str, Callable[[Iterable[Row], Path], int]] = {
    ".jsonl": write_jsonl,
    ".csv": write_csv,
    ".parquet": write_parquet,
}
"""By the file's suffix."""


def check(target: str) -> None:
    """Check before any work that a file of this name can be written.

    Raises:
        Problem: its suffix is unknown.
    """
    if not target.endswith(tuple(SINKS)):
        raise Problem(f"--to {target}: end it in {', '.join(SINKS)}.")


def write(run: Run, target: str, *, session: Session, on_row: Callable[[Row], None]) -> int:
    """Write all rows, and return their number.

    Args:
        run: the run.
        target: a path or an S3 URI.
        session: AWS session, for S3.
        on_row: called for each row.

    Raises:
        Problem: a row doesn't fit, or an output has changed since the run.
    """
    sink = next(sink for ending, sink in SINKS.items() if target.endswith(ending))
    folder, name = file_at(target, session)
    with folder.writing(name) as draft, rows(run) as found:
        try:
            return sink(_told(found, on_row), draft.path)
        except ColumnError as error:
            raise Problem(
                f"{target} can't be a table, {error}: write it as .jsonl, which takes any."
            ) from error


def _told(found: Iterator[Row], on_row: Callable[[Row], None]) -> Iterator[Row]:
    for row in found:
        on_row(row)
        yield row
