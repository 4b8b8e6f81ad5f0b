"""Lists executions as rows of a table."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionOutputTypeDef,
        ExecutionListItemTypeDef,
    )

    from tfbatch.aws.execution import Executions

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
    return {
        "execution": found["executionArn"].rpartition(":")[2],
        "status": found["status"],
        "error": found.get("error"),
        "started": found["startDate"],
        "seconds": ((ended or datetime.now(UTC)) - found["startDate"]).total_seconds(),
        "input": _object(found.get("input")).get("input"),
        "output": report.get("output"),
        "records": summary["records"] if counted else None,
        "exceptions": summary["exceptions"] + summary["recordErrors"] if counted else None,
        "usd": summary.get("usd"),
    }


def _object(text: str | None) -> dict[str, Any]:
    """Parse a JSON object. An invalid request may be any JSON."""
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}
