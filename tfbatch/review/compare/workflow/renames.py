"""Finds states that were only renamed, and translates the base's names into the head's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tfbatch.review.sides import states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.review.sides.states import State


def renamed(was: Mapping[str, State], now: Mapping[str, State]) -> dict[str, str]:
    """New name -> old name of states that differ only in their names."""
    gone = [name for name in was if name not in now]
    found: dict[str, str] = {}
    for name in now:
        if name in was:
            continue
        shape = _shape(now[name])
        alike = [old for old in gone if old not in found.values() and _shape(was[old]) == shape]
        if len(alike) == 1:
            found[name] = alike[0]
    return found


def _shape(state: State) -> str:
    """A state without the names of others, which a rename changes too."""
    mine = states.own(state)
    for key in states.ways(mine):
        mine = mine | {key: _without_next(mine[key])}
    return json.dumps(mine, sort_keys=True)


def _without_next(value: Any) -> Any:  # noqa: ANN401 # Next, Default, Choices or Catch
    if isinstance(value, list):
        return [{k: v for k, v in item.items() if k != "Next"} for item in value]
    return bool(value)


def translated(state: State, renamed: Mapping[str, str]) -> State:
    """A state of the base with the head's names of its targets."""
    new = {states.last(old): states.last(name) for name, old in renamed.items()}
    found = dict(states.own(state))
    for key, value in states.ways(found).items():
        if isinstance(value, str):
            found[key] = new.get(value, value)
        elif isinstance(value, list):
            found[key] = [
                item | {"Next": new.get(item["Next"], item["Next"])} if "Next" in item else item
                for item in value
            ]
    for key in ("ItemProcessor", "Iterator"):
        if key in found:
            found[key] = started(found[key], new)
    if "Branches" in found:
        found["Branches"] = [started(branch, new) for branch in found["Branches"]]
    return found


def started(machine: State, new: Mapping[str, str]) -> State:
    """A machine with the head's name of its first state."""
    start = machine.get("StartAt")
    return machine | {"StartAt": new.get(start, start)} if isinstance(start, str) else machine
