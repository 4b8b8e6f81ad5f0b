"""Finds which states of a workflow are done, running and next, from the execution's history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfbatch.watch.snapshot import SUCCEEDED, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_WORK = {"Task", "Map", "Parallel"}


def states(
    definition: Mapping[str, Any],
    history: Iterable[Mapping[str, Any]],
    *,
    status: str,
    now: datetime,
) -> tuple[State, ...]:
    """Return the states that do something, in the definition's order.

    States that were skipped (for example without a key to claim) are left out.

    Args:
        definition: in the Amazon States Language.
        history: events of GetExecutionHistory, in order.
        status: status of the execution.
        now: end of the time of running states.
    """
    entered, left = _times(history)
    work = [name for name, state in definition["States"].items() if state["Type"] in _WORK]
    furthest = max((work.index(name) for name in entered if name in work), default=-1)
    is_over = status not in {"RUNNING", "PENDING_REDRIVE"}
    shown = []
    for place, name in enumerate(work):
        if name not in entered:
            if place > furthest and not is_over:
                shown.append(State(name=name, status="waiting"))
            continue
        running = name not in left or left[name] < entered[name]
        failed = is_over and status != SUCCEEDED and place == furthest
        seconds = ((now if running else left[name]) - entered[name]).total_seconds()
        what = "failed" if failed else "running" if running else "done"
        shown.append(State(name=name, status=what, seconds=max(seconds, 0.0)))
    return tuple(shown)


def _times(
    history: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """Name -> when it was entered first and left last."""
    entered: dict[str, datetime] = {}
    left: dict[str, datetime] = {}
    for event in history:
        if "stateEnteredEventDetails" in event:
            entered.setdefault(event["stateEnteredEventDetails"]["name"], event["timestamp"])
        elif "stateExitedEventDetails" in event:
            left[event["stateExitedEventDetails"]["name"]] = event["timestamp"]
    return entered, left
