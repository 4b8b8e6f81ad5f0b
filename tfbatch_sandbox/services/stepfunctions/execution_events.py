"""Sends EventBridge events when executions start and end.

Source: "Step Functions execution status change events", Step Functions developer guide.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from datetime import datetime

    from tfbatch_sandbox.services.runtime import Runtime

_LOG = logging.getLogger(__name__)
SOURCE = "aws.states"
DETAIL_TYPE = "Step Functions Execution Status Change"


def install(_runtime: Runtime) -> None:
    """Publish when an execution's status changes."""
    start, end = Execution.start, BaseExecutionWorkerCommunication.terminated

    def started(execution: Execution) -> None:
        start(execution)
        publish(execution)

    def terminated(communication: BaseExecutionWorkerCommunication) -> None:
        end(communication)
        publish(communication.execution)

    replace(Execution, "start", started)
    replace(BaseExecutionWorkerCommunication, "terminated", terminated)


def publish(execution: Execution) -> None:
    """Send the execution as DescribeExecution returns it. Times are milliseconds since 1970."""
    _, _, _, region, account, *_ = execution.exec_arn.split(":")
    entry = {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(_detail(execution)),
        "Resources": [execution.exec_arn],
    }
    try:
        events_backends[account][region].put_events([entry])
    except Exception:  # noqa: BLE001 - a rule of the user's must not cost the execution
        _LOG.exception("The event of execution %s", execution.exec_arn)


def _detail(execution: Execution) -> dict[str, Any]:
    shown = execution.to_describe_output()
    empty = {"output": None, "outputDetails": None, "error": None, "cause": None}
    times = {name: _milliseconds(shown[name]) for name in ("startDate", "stopDate")}
    return empty | shown | {"status": execution.status} | times


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp() * 1000)
