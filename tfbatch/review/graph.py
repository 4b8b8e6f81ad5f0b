"""A workflow as nodes and edges, to be drawn: what it is, apart from how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["same", "added", "removed", "changed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A state."""

    name: str
    """Unique in the graph: a nested state has its parents' names before its own."""
    label: str
    detail: str = ""
    """In small print: the API it calls, the error it ends with."""
    kind: str = "Pass"
    """``Task``, ``Choice``, ``Map``, … as in the States Language."""
    mark: Mark = "same"
    parent: str | None = None
    """The Map or Parallel state around it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """A way from one state to another."""

    source: str
    target: str
    label: str = ""
    error: bool = False
    """Taken when the state fails."""
    mark: Mark = "same"


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """A workflow, or what became of one."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def children(self, parent: str | None) -> tuple[Node, ...]:
        """The nodes directly inside a node, or outermost."""
        return tuple(node for node in self.nodes if node.parent == parent)
