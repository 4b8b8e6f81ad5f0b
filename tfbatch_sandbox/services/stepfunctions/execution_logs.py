"""Writes execution events to the state machine's log group.

moto has code for it that it never uses, and that writes what its own logs refuse.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.logs.models import logs_backends
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.eval.event.logging import (
    CloudWatchLoggingConfiguration,
    CloudWatchLoggingSession,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.stepfunctions.parser.asl.eval.event.logging import HistoryLog
    from moto.stepfunctions.parser.backend.execution import Execution

    from tfbatch_sandbox.services.runtime import Runtime

_LOG = logging.getLogger(__name__)


def install(_runtime: Runtime) -> None:
    """Give each execution a log session."""
    replace(models, "Execution", partial(_execution, models.Execution))


def _execution(original: Callable[..., Execution], **given: Any) -> Execution:  # noqa: ANN401
    machine = given["state_machine"]
    configuration = CloudWatchLoggingConfiguration.from_logging_configuration(
        machine.arn, {"includeExecutionData": False} | (machine.loggingConfiguration or {})
    )
    if configuration is not None:
        given["cloud_watch_logging_session"] = LogSession(given["exec_arn"], configuration)
    return original(**given)


class LogSession(CloudWatchLoggingSession):
    """Writes one execution's events to a log stream, in Step Functions' form."""

    def __init__(self, execution_arn: str, configuration: CloudWatchLoggingConfiguration) -> None:
        super().__init__(execution_arn, configuration)
        machine, _, execution = execution_arn.split(":", 6)[6].partition(":")
        self._stream = f"states/{machine}/{datetime.now(UTC):%Y-%m-%d-%H-%M}/{execution[:8]}"
        self._backend = logs_backends[configuration.log_account_id][configuration.log_region]
        self._is_made = False

    def publish_history_log(self, history_log: HistoryLog) -> None:
        """Write one event."""
        moment = datetime.fromisoformat(str(history_log["event_timestamp"]))
        milliseconds = int(moment.timestamp() * 1000)
        event = {
            **history_log,
            "type": str(getattr(history_log["type"], "value", history_log["type"])),
            "event_timestamp": str(milliseconds),
            "redrive_count": "0",
        }
        line = {"timestamp": milliseconds, "message": to_json_str(event, separators=(",", ":"))}
        try:
            self._write(line)
        except Exception:  # noqa: BLE001 - an execution does not fail for its log
            _LOG.warning("The log of %s", self.execution_arn, exc_info=True)

    def _write(self, line: dict[str, Any]) -> None:
        group = self.configuration.log_group_name
        if not self._is_made:
            self._is_made = True
            if self._stream not in self._backend.groups[group].streams:
                self._backend.create_log_stream(group, self._stream)
        self._backend.put_log_events(group, self._stream, [line])
