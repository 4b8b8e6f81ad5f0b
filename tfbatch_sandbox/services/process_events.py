"""Reads the JSON events that child processes of an extension write."""

from __future__ import annotations

import json
import logging
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_sandbox.processes import supervision

_LOG = logging.getLogger(__name__)


def read(process: supervision.Process) -> Iterator[Mapping[str, Any]]:
    """Yield each event until the process closes its standard output. Then close this end, too."""
    with cast("IO[bytes]", process.stdout) as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                event = None
            if isinstance(event, dict) and "event" in event:
                yield event
            else:
                _LOG.warning("Process %d wrote what is no event: %r", process.pid, line)
