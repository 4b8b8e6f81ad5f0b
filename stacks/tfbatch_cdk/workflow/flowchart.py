"""Converts a state machine's definition to a Mermaid flowchart, which GitHub renders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch_cdk.workflow.asl import State

_SHAPES = {"Choice": '{{"%s"}}', "Task": '[["%s"]]', "Succeed": '(["%s"])', "Fail": '(["%s"])'}
_PLAIN = '["%s"]'


def mermaid(definition: Mapping[str, Any]) -> str:
    """A flowchart of the states: tasks have double edges, choices are hexagons, ends are round.

    Args:
        definition: in the Amazon States Language.
    """
    states: Mapping[str, State] = definition["States"]
    ids = {name: f"s{number}" for number, name in enumerate(states)}
    lines = ["flowchart TD"]
    for name, state in states.items():
        lines.append(f"  {ids[name]}{_SHAPES.get(state['Type'], _PLAIN) % _label(name, state)}")
        lines += [f"  {ids[name]} {arrow} {ids[target]}" for arrow, target in _transitions(state)]
    failed = ",".join(ids[name] for name, state in states.items() if state["Type"] == "Fail")
    lines += ["  classDef failed stroke:#dc2626", f"  class {failed} failed"] if failed else []
    return "\n".join(lines) + "\n"


def _label(name: str, state: State) -> str:
    """A state's name, with the API that it calls or its error below."""
    below = state.get("Resource", "").rpartition(":::")[2] or _literal(state.get("Error", ""))
    return f"{name}<br/><small>{below}</small>" if below else name


def _literal(text: str) -> str:
    return "" if text.startswith("{%") else text


def _transitions(state: State) -> Iterator[tuple[str, str]]:
    """The transitions of a state: arrow and next state."""
    for choice in state.get("Choices", ()):
        yield "-->|yes|", choice["Next"]
    if "Default" in state:
        yield "-->|no|", state["Default"]
    if "Next" in state:
        yield "-->", state["Next"]
    for caught in state.get("Catch", ()):
        yield "-.->|error|", caught["Next"]
