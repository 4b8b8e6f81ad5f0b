"""Draws a state machine's definition as a mermaid flowchart, which GitHub renders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_cdk.workflow.asl import State

_SHAPES = {"Choice": '{{"%s"}}', "Task": '[["%s"]]', "Succeed": '(["%s"])', "Fail": '(["%s"])'}
_PLAIN = '["%s"]'


def mermaid(definition: Mapping[str, Any]) -> str:
    """A flowchart of the states: tasks double-edged, choices six-sided, ends round.

    Args:
        definition: in the Amazon States Language.
    """
    states: Mapping[str, State] = definition["States"]
    ids = {name: f"s{number}" for number, name in enumerate(states)}
    lines = ["flowchart TD"]
    for name, state in states.items():
        lines.append(f"  {ids[name]}{_SHAPES.get(state['Type'], _PLAIN) % _label(name, state)}")
        lines += [f"  {ids[name]} {arrow} {ids[target]}" for arrow, target in _ways(state)]
    failed = ",".join(ids[name] for name, state in states.items() if state["Type"] == "Fail")
    lines += ["  classDef failed stroke:#dc2626", f"  class {failed} failed"] if failed else []
    return "\n".join(lines) + "\n"


def _label(name: str, state: State) -> str:
    """A state's name, and below it the API it calls or the error it ends with."""
    below = state.get("Resource", "").rpartition(":::")[2] or _literal(state.get("Error", ""))
    return f"{name}<br/><small>{below}</small>" if below else name


def _literal(text: str) -> str:
    return "" if text.startswith("{%") else text


def _ways(state: State) -> Iterator[tuple[str, str]]:
    """Where a state leads: the arrow and the state it points to."""
    for choice in state.get("Choices", ()):
        yield "-->|yes|", choice["Next"]
    if "Default" in state:
        yield "-->|no|", state["Default"]
    if "Next" in state:
        yield "-->", state["Next"]
    for caught in state.get("Catch", ()):
        yield "-.->|error|", caught["Next"]
