"""Logs each call as one line of JSON, with the execution, the shard and the trace."""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Line = dict[str, Any]


@contextlib.contextmanager
def told(what: str, event: Mapping[str, Any]) -> Iterator[Line]:
    """Print what a call did and how it ended.

    Args:
        what: the operation, such as ``plan``.
        event: the event of the call, with ``run`` and maybe ``shard`` and ``round``.

    Yields:
        The log line, to which the call can add.
    """
    line, began = {"message": what, **_ids(event)}, time.monotonic()
    try:
        yield line
    except Exception as error:
        _print(line, began, level="ERROR", error=type(error).__name__, cause=str(error))
        raise
    _print(line, began, level="INFO")


def _ids(event: Mapping[str, Any]) -> Line:
    run, shard = event.get("run", {}), event.get("shard", {})
    known = {
        "execution": run.get("execution") or event.get("execution"),
        "execution_arn": run.get("arn"),
        "shard": shard.get("shard"),
        "round": event.get("round"),
        "job": event.get("job", {}).get("name"),
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }
    return {name: value for name, value in known.items() if value is not None}


def _print(line: Line, began: float, **more: str) -> None:
    seconds = round(time.monotonic() - began, 3)
    print(json.dumps({**more, **line, "seconds": seconds}))  # noqa: T201 (Lambda's output is its log)
