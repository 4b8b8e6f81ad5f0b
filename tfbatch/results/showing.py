"""The ``aws`` commands that download a run's results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch.aws.calls import aws_command
from tfbatch.results.run import EXCEPTIONS, PREDICTIONS, SUMMARY

if TYPE_CHECKING:
    from tfbatch.aws.session import Session
    from tfbatch.results.run import Run


def commands(session: Session, run: Run) -> list[str]:
    """The commands for its accounts, then for its outputs."""
    files = (SUMMARY, PREDICTIONS, EXCEPTIONS)
    return [
        *(aws_command(session, "s3", "cp", f"{run.folder}{name}", "-") for name in files),
        aws_command(session, "s3", "sync", run.folder, "."),
    ]
