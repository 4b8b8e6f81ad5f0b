"""Reads the states and transitions of a state machine's definition."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from tfbatch.review.render.graph import Edge, Graph, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.sides.assembly import Resource, Stage

KIND = "AWS::StepFunctions::StateMachine"
_BETWEEN = " / "
_WAYS = ("Next", "Default", "Choices", "Catch", "End")
_NESTED = ("ItemProcessor", "Iterator", "Branches")

State = dict[str, Any]


def definition(stage: Stage, machine: Resource, *, contents: bool = True) -> State | None:
    """A state machine's definition; ``None`` if it isn't in the template or can't be read.

    Args:
        stage: the stage.
        machine: the state machine.
        contents: identify assets by their contents too, not only by their names.
    """
    properties = stage.properties(machine, contents=contents)
    found = properties.get("Definition") or properties.get("DefinitionString")
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            return None
    return found if _is_machine(found) else None


def _is_machine(value: Any) -> bool:  # noqa: ANN401 # any part of a definition
    """Whether the value and everything nested in it has the shape of a state machine."""
    if not isinstance(value, dict) or not isinstance(value.get("States"), dict):
        return False
    return all(map(_is_state, value["States"].values()))


def _is_state(value: Any) -> bool:  # noqa: ANN401 # any part of a definition
    if not isinstance(value, dict) or not isinstance(value.get("Type"), str):
        return False
    lists = [value.get(key, []) for key in ("Choices", "Catch", "Retry", "Branches")]
    objects = all(
        isinstance(one, list) and all(isinstance(item, dict) for item in one) for one in lists
    )
    targets = [value[key] for key in ("Next", "Default") if key in value]
    targets += [item.get("Next", "") for one in lists[:2] if objects for item in one]
    named = all(isinstance(target, str) for target in targets)
    return objects and named and all(map(_is_machine, _inner(value)))


def flat(definition: State, parent: str = "") -> Iterator[tuple[str, State]]:
    """Every state by its full name, in order: ``Shards / Transform``."""
    for name, state in definition["States"].items():
        full = f"{parent}{_BETWEEN}{name}" if parent else name
        yield full, state
        for inner in _inner(state):
            yield from flat(inner, full)


def is_distinct(definition: State) -> bool:
    """Whether every state has a name of its own, so that none hides another."""
    names = [name for name, _ in flat(definition)]
    return len(names) == len({*names})


def last(name: str) -> str:
    """A state's own name, without its parents."""
    return name.rpartition(_BETWEEN)[2]


def own(state: State) -> State:
    """A state without its inner states, which are listed separately."""
    found = {key: value for key, value in state.items() if key not in _NESTED}
    for key in ("ItemProcessor", "Iterator"):
        if key in state:
            found[key] = around(state[key])
    if "Branches" in state:
        found["Branches"] = [around(branch) for branch in state["Branches"]]
    return found


def around(definition: State) -> State:
    """The rest of a definition: its start, its comment, its timeout."""
    return {key: value for key, value in definition.items() if key != "States"}


def text(value: Any) -> str:  # noqa: ANN401 # a state or a part of one
    """A state in YAML, with expressions over several lines."""
    shown = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return str(shown).rstrip("\n")


def graph(definition: State) -> Graph:
    """A definition as nodes and edges."""
    return Graph(nodes=tuple(_nodes(definition)), edges=tuple(_edges(definition)))


def _inner(state: State) -> Iterator[State]:
    for key in ("ItemProcessor", "Iterator"):
        if key in state:
            yield state[key]
    yield from state.get("Branches", ())


def _nodes(definition: State, parent: str | None = None) -> Iterator[Node]:
    for name, state in definition["States"].items():
        full = f"{parent}{_BETWEEN}{name}" if parent else name
        yield Node(name=full, label=name, detail=_detail(state), kind=state["Type"], parent=parent)
        for inner in _inner(state):
            yield from _nodes(inner, full)


def _detail(state: State) -> str:
    """The API that a state calls, or its error."""
    resource = str(state.get("Resource", "")).rpartition(":::")[2]
    error = str(state.get("Error", ""))
    return resource or ("" if error.startswith("{%") else error)


def _edges(definition: State, parent: str = "") -> Iterator[Edge]:
    prefix = f"{parent}{_BETWEEN}" if parent else ""
    for name, state in definition["States"].items():
        for target, label, error in _ways(state):
            yield Edge(source=prefix + name, target=prefix + target, label=label, error=error)
        for inner in _inner(state):
            yield from _edges(inner, prefix + name)


def _ways(state: State) -> Iterator[tuple[str, str, bool]]:
    choices = state.get("Choices", ())
    for number, choice in enumerate(choices, 1):
        yield choice.get("Next", ""), "yes" if len(choices) == 1 else f"{number}", False
    if "Default" in state:
        yield state["Default"], "no" if len(choices) == 1 else "else", False
    if "Next" in state:
        yield state["Next"], "", False
    for caught in state.get("Catch", ()):
        yield caught.get("Next", ""), "error", True


class _Dumper(yaml.SafeDumper):
    """Writes multi-line text as blocks."""


def _written(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    trimmed = "\n".join(line.rstrip() for line in value.split("\n")) if style else value
    return dumper.represent_scalar("tag:yaml.org,2002:str", trimmed, style=style)


_Dumper.add_representer(str, _written)


def ways(state: Mapping[str, Any]) -> State:
    """The transitions of a state."""
    return {key: state[key] for key in _WAYS if key in state}
