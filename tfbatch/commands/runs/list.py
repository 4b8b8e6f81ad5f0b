"""``tfbatch list``."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tfbatch.aws.calls import Call, show
from tfbatch.terminal.options import aws_options, json_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionOutputTypeDef,
        ExecutionListItemTypeDef,
    )

    from tfbatch.aws.execution import Executions
    from tfbatch.aws.session import Session
    from tfbatch.terminal.output import Output

_CALLS = 8
"""Parallel DescribeExecution calls."""


def rows(
    executions: Executions, found: Iterable[ExecutionListItemTypeDef]
) -> list[Mapping[str, Any]]:
    """Yield the request and the result of each execution, in order."""
    with ThreadPoolExecutor(_CALLS) as threads:
        arns = [one["executionArn"] for one in found]
        described = threads.map(
            lambda arn: executions.sfn.describe_execution(executionArn=arn), arns
        )
        return [_row(one) for one in described]


def _row(found: DescribeExecutionOutputTypeDef) -> Mapping[str, Any]:
    report = _object(found.get("output"))
    summary = report.get("summary") or {}
    ended = found.get("stopDate")
    counted = "records" in summary
    request = _object(found.get("input"))
    return {
        "execution": found["executionArn"].rpartition(":")[2],
        "status": found["status"],
        "error": found.get("error"),
        "started": found["startDate"],
        # AWS's clock may be ahead of this machine's.
        "seconds": max(((ended or datetime.now(UTC)) - found["startDate"]).total_seconds(), 0.0),
        "input": request.get("input"),
        "model": report.get("model") or request.get("model"),
        "output": report.get("output"),
        "records": summary["records"] if counted else None,
        "predictions": summary["records"] - summary["recordErrors"] if counted else None,
        "exceptions": summary["exceptions"] + summary["recordErrors"] if counted else None,
        "usd": summary.get("usd"),
    }


def _object(text: str | None) -> dict[str, Any]:
    """Parse a JSON object. An invalid request may be any JSON."""
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}


_HEADINGS = (
    *("execution", "status", "started", "took", "predictions", "exceptions", "model", "input"),
)
_NONE = "NO PREDICTION"
"""Shown for a run that succeeded, and whose every record has an error."""
_STATUSES = ("running", "succeeded", "failed", "timed_out", "aborted")


@click.command(name="list")
@click.option("--limit", "-n", default=20, show_default=True, help="How many, the newest first.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only those of this status.")
@aws_options
@json_option
def list_(limit: int, status: str | None, *, session: Session, output: Output) -> None:
    """List executions, the newest first."""
    from itertools import islice  # noqa: PLC0415

    from tfbatch.aws.deployed_outputs import Deployed  # noqa: PLC0415

    deployed, wanted = Deployed.find(session), status.upper() if status else None
    if session.show_aws:
        asked: dict[str, Any] = {"stateMachineArn": deployed.state_machine, "maxResults": limit}
        asked |= {"statusFilter": wanted} if wanted else {}
        show(session, output, Call("stepfunctions", "list_executions", asked))
        return
    executions = deployed.executions(session)
    found = rows(executions, islice(executions.recent(status=wanted), limit))
    output.emit(found)
    if not output.as_json:
        _table(found, output, home=f"s3://{deployed.input_bucket}/")


def _table(found: list[Mapping[str, Any]], output: Output, *, home: str) -> None:
    """A table as wide as the terminal. Inputs are shown without the input bucket."""
    from rich.table import Table  # noqa: PLC0415

    from tfbatch.watch import words  # noqa: PLC0415

    if not found:
        output.say("Nothing has run yet: start with 'tfbatch run INPUT'.")
        return
    table = Table(box=None, pad_edge=False, header_style="bright_black")
    for heading in _HEADINGS:
        right = heading in {"took", "predictions", "exceptions"}
        table.add_column(
            heading,
            justify="right" if right else "left",
            no_wrap=True,
            min_width=max(len(one["execution"]) for one in found) if heading == "execution" else 8,
        )
    for one in found:
        table.add_row(
            one["execution"],
            one["error"] or (_NONE if one["predictions"] == 0 else one["status"]),
            f"{one['started'].astimezone():%Y-%m-%d %H:%M}",
            words.duration(one["seconds"]),
            "" if one["predictions"] is None else f"{one['predictions']:,}",
            "" if one["exceptions"] is None else f"{one['exceptions']:,}",
            one["model"] or "",
            (one["input"] or "").removeprefix(home),
        )
    output.console().print(table, soft_wrap=False)
