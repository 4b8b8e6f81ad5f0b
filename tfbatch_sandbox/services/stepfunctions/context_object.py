"""Writes the times of the context object in ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.asl.eval.states import ExecutionData
from moto.stepfunctions.parser.backend import execution_worker

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Write ``$states.context.Execution.StartTime`` for JSONata."""
    replace(execution_worker, "ExecutionData", _execution_data)


def _execution_data(**data: Any) -> ExecutionData:  # noqa: ANN401 - moto's fields, passed on
    started = data["StartTime"]
    if isinstance(started, datetime):
        utc = started.astimezone(UTC)
        data["StartTime"] = utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return ExecutionData(**data)
