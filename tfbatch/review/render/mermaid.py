"""Draws a workflow in mermaid, which GitHub renders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tfbatch.review.render.graph import Edge, Graph, Node

_SHAPES = {
    "Choice": ("{{", "}}"),
    "Task": ("[[", "]]"),
    "Succeed": ("([", "])"),
    "Fail": ("([", "])"),
}
_PLAIN = ("[", "]")
_CLASSES = {
    "added": "fill:#dcfce7,stroke:#16a34a,color:#14532d,stroke-width:2px",
    "removed": "fill:#fee2e2,stroke:#dc2626,color:#7f1d1d,stroke-width:2px,stroke-dasharray:5 4",
    "changed": "fill:#fef3c7,stroke:#d97706,color:#78350f,stroke-width:2px",
}
_SIGNS = {"added": "+ ", "removed": "- ", "changed": "~ "}
_SPECIAL = frozenset('#"<>`%;|{}[]()@&')


def mermaid(graph: Graph) -> str:
    """A flowchart with added, removed and changed states in color and with a sign."""
    ids = {node.name: f"s{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart TD", *_nodes(graph, ids, parent=None, depth=1)]
    lines += [line for edge in graph.edges for line in _edge(edge, ids)]
    lines += list(_colors(graph, ids))
    return "\n".join(lines) + "\n"


def _nodes(graph: Graph, ids: dict[str, str], *, parent: str | None, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for node in graph.children(parent):
        if graph.children(node.name):
            yield f'{indent}subgraph {ids[node.name]}["{_label(node)}"]'
            yield from _nodes(graph, ids, parent=node.name, depth=depth + 1)
            yield f"{indent}end"
        else:
            left, right = _SHAPES.get(node.kind, _PLAIN)
            yield f'{indent}{ids[node.name]}{left}"{_label(node)}"{right}'


def _label(node: Node) -> str:
    name = _SIGNS.get(node.mark, "") + _escaped(node.label)
    return f"{name}<br/><small>{_escaped(node.detail)}</small>" if node.detail else name


def _escaped(text: str) -> str:
    """Text safe from mermaid and HTML, with mermaid's entity codes."""
    return "".join(f"#{ord(one)};" if one in _SPECIAL else one for one in text)


def _edge(edge: Edge, ids: dict[str, str]) -> Iterator[str]:
    if edge.source in ids and edge.target in ids:
        sign = {"added": "+ ", "removed": "- "}.get(edge.mark, "")
        arrow = "-.->" if edge.error or edge.mark == "removed" else "-->"
        label = f'|"{sign}{_escaped(edge.label)}"|' if sign or edge.label else ""
        yield f"  {ids[edge.source]} {arrow}{label} {ids[edge.target]}"


def _colors(graph: Graph, ids: dict[str, str]) -> Iterator[str]:
    for mark, style in _CLASSES.items():
        marked = [ids[node.name] for node in graph.nodes if node.mark == mark]
        if marked:
            yield f"  classDef {mark} {style}"
            yield f"  class {','.join(marked)} {mark}"
