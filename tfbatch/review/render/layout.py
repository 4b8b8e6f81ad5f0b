"""Places the nodes and edges of a workflow with the Eclipse Layout Kernel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfbatch.review.node import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfbatch.review.render.graph import Edge, Graph, Node

_PROGRAM = Path(__file__).with_name("layout.mjs")
_OPTIONS = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.hierarchyHandling": "INCLUDE_CHILDREN",
    "elk.json.shapeCoords": "ROOT",
    "elk.json.edgeCoords": "ROOT",
    "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.spacing.nodeNodeBetweenLayers": "34",
    "elk.layered.spacing.edgeNodeBetweenLayers": "16",
    "elk.spacing.nodeNode": "28",
    "elk.spacing.edgeNode": "18",
    "elk.spacing.edgeLabel": "4",
    "elk.padding": "[top=12,left=12,bottom=12,right=12]",
}
_INSIDE = {"elk.padding": "[top=44,left=16,bottom=16,right=16]"}
_CHARACTER, _SMALL_CHARACTER, _MARGIN, _HEIGHT, _LINE = 7.6, 6.6, 36.0, 40.0, 16.0


def place(graphs: Sequence[Graph]) -> list[dict[str, Any]]:
    """Lay out graphs.

    Returns:
        For each graph ``width``, ``height``, nested ``children`` with ``x``, ``y``, ``width``
            and ``height``, and ``edges`` with ``sections`` and ``labels``: pixels from the top
            left corner.

    Raises:
        ReviewError: Node.js or elkjs is missing.
    """
    if not graphs:
        return []
    placed: list[dict[str, Any]] = run(_PROGRAM, [_elk(graph) for graph in graphs])
    return placed


def _elk(graph: Graph) -> dict[str, Any]:
    names = {node.name for node in graph.nodes}
    return {
        "id": "root",
        "layoutOptions": _OPTIONS,
        "children": [_node(graph, node) for node in graph.children(None)],
        "edges": [
            _edge(edge, number)
            for number, edge in enumerate(graph.edges)
            if {edge.source, edge.target} <= names
        ],
    }


def _node(graph: Graph, node: Node) -> dict[str, Any]:
    inside = graph.children(node.name)
    if inside:
        children = [_node(graph, child) for child in inside]
        return {"id": node.name, "children": children, "layoutOptions": _INSIDE}
    text = max(len(node.label) * _CHARACTER, len(node.detail) * _SMALL_CHARACTER)
    height = _HEIGHT + (_LINE if node.detail else 0)
    return {"id": node.name, "width": text + _MARGIN, "height": height}


def _edge(edge: Edge, number: int) -> dict[str, Any]:
    labels = [{"text": edge.label, "width": len(edge.label) * _SMALL_CHARACTER + 6, "height": 16}]
    return {
        "id": str(number),
        "sources": [edge.source],
        "targets": [edge.target],
        "labels": labels if edge.label else [],
    }
