"""A workflow as nodes and edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["same", "added", "removed", "changed"]

_FEW = 12
"""Up to this number all nodes are drawn."""
_MOST = 0.7


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A state."""

    name: str
    """Unique in the graph: a nested state has its parents' names as prefix."""
    label: str
    detail: str = ""
    """Small print: the API it calls, or its error."""
    kind: str = "Pass"
    """``Task``, ``Choice``, ``Map``, … as in the States Language."""
    mark: Mark = "same"
    parent: str | None = None
    """The Map or Parallel state around it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """A transition between states."""

    source: str
    target: str
    label: str = ""
    error: bool = False
    """Taken if the state fails."""
    mark: Mark = "same"


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """A workflow, or both sides of one."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def children(self, parent: str | None) -> tuple[Node, ...]:
        """The nodes directly inside a node, or the outermost ones."""
        return tuple(node for node in self.nodes if node.parent == parent)

    def nearby(self) -> Graph:
        """Changed states with their neighbors; all if that is most of the graph, or little."""
        marked = {node.name for node in self.nodes if node.mark != "same"}
        marked |= {end for edge in self.edges if edge.mark != "same" for end in _ends(edge)}
        near = marked | {
            end for edge in self.edges if marked.intersection(_ends(edge)) for end in _ends(edge)
        }
        near |= {parent for name in near for parent in self._around(name)}
        if not marked or len(self.nodes) <= _FEW or len(near) > _MOST * len(self.nodes):
            return self
        return Graph(
            nodes=tuple(node for node in self.nodes if node.name in near),
            edges=tuple(edge for edge in self.edges if near.issuperset(_ends(edge))),
        )

    def _around(self, name: str) -> list[str]:
        """The states around a state."""
        parents = {node.name: node.parent for node in self.nodes}
        found: list[str] = []
        while (parent := parents.get(found[-1] if found else name)) is not None:
            found.append(parent)
        return found


def _ends(edge: Edge) -> tuple[str, str]:
    return edge.source, edge.target
