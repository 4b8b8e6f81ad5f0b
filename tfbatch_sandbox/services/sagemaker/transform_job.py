"""A transform job as the API shows it: its request, its status and its process.

The process writes a line of JSON for each event: ``started``, then ``completed``, ``failed`` (with
a ``reason``) or ``stopped``.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tfbatch_sandbox.processes import supervision
from tfbatch_sandbox.server.faults import INTERNAL_ERROR
from tfbatch_sandbox.services import process_events

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LOG = logging.getLogger(__name__)
_STOP_SECONDS = 60.0
_SLOT_SECONDS = 0.2
_REASON_LENGTH = 1024
_STATUS_OF_EVENT = {"completed": "Completed", "failed": "Failed", "stopped": "Stopped"}
_ENDED = frozenset(_STATUS_OF_EVENT.values())


class TransformJob:
    """A job in a process of its own, watched by a thread.

    moto reads ``transform_job_name``, ``arn`` and ``tags``.
    """

    def __init__(
        self, *, request: Mapping[str, Any], arn: str, on_change: Callable[[TransformJob], None]
    ) -> None:
        self.request = request
        self.arn = arn
        self.transform_job_name: str = request["TransformJobName"]
        self.tags: list[dict[str, str]] = list(request.get("Tags", []))
        self.status = "InProgress"
        self.failure_reason: str | None = None
        self.creation_time = self.last_modified_time = datetime.now(UTC)
        self.start_time: datetime | None = None
        self.end_time: datetime | None = None
        self._on_change = on_change
        self._lock = threading.Lock()
        self._process: supervision.Process | None = None

    @property
    def ended(self) -> bool:
        """Whether the job has reached a final status."""
        return self.status in _ENDED

    def run(self, start: Callable[[], supervision.Process], slots: threading.Semaphore) -> None:
        """Run the job: wait for one of ``slots``, then until its final status."""
        outcome: Mapping[str, str] = {}
        try:
            self._on_change(self)
            outcome = self._run(start, slots)
        except Exception:  # noqa: BLE001 - a job must end, whatever its thread meets
            _LOG.exception("Transform job %s", self.transform_job_name)
        self._end(outcome)

    def fail(self, reason: str) -> None:
        """End the job before it starts, as AWS does without capacity."""
        self._on_change(self)
        self._end({"event": "failed", "reason": reason})

    def _run(
        self, start: Callable[[], supervision.Process], slots: threading.Semaphore
    ) -> Mapping[str, str]:
        if not self._take(slots):
            return {}
        try:
            process = self._start(start)
            return {} if process is None else self._follow(process)
        finally:
            slots.release()

    def stop(self) -> bool:
        """Ask the job to stop; ``False`` if it has ended."""
        with self._lock:
            if self.ended:
                return False
            self._set("Stopping")
            process = self._process
        if process is not None:
            threading.Thread(target=_stop, args=(process,), daemon=True).start()
        self._on_change(self)
        return True

    def kill(self) -> None:
        """Kill the job's process, without a graceful end."""
        if self._process is not None and not self.ended:
            supervision.stop(self._process)

    def _take(self, slots: threading.Semaphore) -> bool:
        """Wait for a slot; ``False`` if the job was stopped first."""
        while not slots.acquire(timeout=_SLOT_SECONDS):
            if self.status == "Stopping":
                return False
        return True

    def _start(self, start: Callable[[], supervision.Process]) -> supervision.Process | None:
        with self._lock:
            if self.status == "InProgress":
                self._process = start()
            return self._process

    def _follow(self, process: supervision.Process) -> Mapping[str, str]:
        """Follow the process's events; returns the last one."""
        outcome: Mapping[str, str] = {}
        for event in process_events.read(process):
            if event["event"] == "started":
                with self._lock:
                    self.start_time = self.last_modified_time = datetime.now(UTC)
            else:
                outcome = event
        process.wait()
        supervision.stop(process)  # anything left in its session
        return outcome

    def _end(self, outcome: Mapping[str, str]) -> None:
        with self._lock:
            silent = "Stopped" if self.status == "Stopping" else "Failed"
            self._set(_STATUS_OF_EVENT.get(outcome.get("event", ""), silent))
            if self.status == "Failed":
                self.failure_reason = outcome.get("reason", INTERNAL_ERROR)[:_REASON_LENGTH]
            self.end_time = self.last_modified_time
        self._on_change(self)

    def _set(self, status: str) -> None:
        self.status = status
        self.last_modified_time = datetime.now(UTC)


def _stop(process: supervision.Process) -> None:
    supervision.stop(process, grace_seconds=_STOP_SECONDS)
