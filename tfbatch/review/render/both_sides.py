"""Draws both sides of a state machine as one graph."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tfbatch.review.render.graph import Graph
from tfbatch.review.sides import states

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tfbatch.review.render.graph import Edge, Mark, Node
    from tfbatch.review.sides.states import State


def drawn(  # noqa: PLR0913 # keyword-only
    before: State,
    after: State,
    *,
    changed: Collection[str],
    was: Mapping[str, State],
    now: Mapping[str, State],
    renamed: Mapping[str, str],
) -> Graph:
    """Both sides in one drawing, removed states beside their replacements.

    Args:
        before: the definition of the base.
        after: that of the head.
        changed: full names of the states that differ.
        was: the base's states by their full names.
        now: the head's.
        renamed: new name -> old name.
    """
    marks = _marks(changed, was, now, renamed)
    return _drawn(states.graph(before), states.graph(after), marks, renamed)


def _marks(
    changed: Collection[str],
    was: Mapping[str, State],
    now: Mapping[str, State],
    renamed: Mapping[str, str],
) -> dict[str, Mark]:
    found: dict[str, Mark] = {
        name: "removed" for name in was if name not in now and name not in renamed.values()
    }
    for name in now:
        if renamed.get(name, name) not in was:
            found[name] = "added"
        elif name in changed:
            found[name] = "changed"
    return found


def _drawn(
    before: Graph, after: Graph, marks: Mapping[str, Mark], renamed: Mapping[str, str]
) -> Graph:
    """Both sides in one drawing, removed states beside their replacements."""
    new = {old: name for name, old in renamed.items()}
    nodes = [replace(node, mark=marks.get(node.name, "same")) for node in after.nodes]
    gone = [node for node in before.nodes if marks.get(node.name) == "removed"]
    nodes += [replace(node, mark="removed", parent=_parent(node, new)) for node in gone]
    was = {_way(edge, new) for edge in before.edges}
    kept = {_way(edge, {}) for edge in after.edges}
    edges = [
        replace(edge, mark="same" if _way(edge, {}) in was else "added") for edge in after.edges
    ]
    edges += [
        replace(edge, source=way[0], target=way[1], mark="removed")
        for edge in before.edges
        if (way := _way(edge, new)) not in kept
    ]
    return Graph(nodes=tuple(nodes), edges=tuple(edges))


def _parent(node: Node, new: Mapping[str, str]) -> str | None:
    return None if node.parent is None else new.get(node.parent, node.parent)


def _way(edge: Edge, new: Mapping[str, str]) -> tuple[str, str, str]:
    source, target = new.get(edge.source, edge.source), new.get(edge.target, edge.target)
    return source, target, "error" if edge.error else ""
