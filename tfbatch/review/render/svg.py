"""Draws a workflow as SVG, in the colors of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tfbatch.review.render.graph import Edge, Graph, Node

_ROUND = 10
_CORNER = 14
_SIGNS = {"added": "+ ", "removed": "- ", "changed": "~ ", "same": ""}
_ARROW = Markup(
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>'
)


def svg(graph: Graph, placed: Mapping[str, Any]) -> Markup:
    """A drawing.

    Args:
        graph: the graph.
        placed: its layout from :func:`tfbatch.review.render.layout.place`.
    """
    nodes = {node.name: node for node in graph.nodes}
    parts = [
        *(_shape(nodes[one["id"]], one) for one in _boxes(placed)),
        *(_way(graph.edges[int(one["id"])], one) for one in placed["edges"]),
    ]
    width, height = round(placed["width"]), round(placed["height"])
    return Markup(
        '<svg class="workflow" role="img" aria-label="The workflow" width="{0}" height="{1}" '
        'viewBox="0 0 {0} {1}">{2}{3}</svg>'
    ).format(width, height, _ARROW, Markup("").join(parts))


def _boxes(placed: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for one in placed.get("children", ()):
        yield one
        yield from _boxes(one)


def _shape(node: Node, box: Mapping[str, Any]) -> Markup:
    x, y, width, height = (box[name] for name in ("x", "y", "width", "height"))
    group = bool(box.get("children"))
    kind = "group" if group else node.kind.lower()
    outline = _hexagon(x, y, width, height) if node.kind == "Choice" else _box(node, box)
    middle = x + width / 2
    first = y + 22 if group or node.detail else y + height / 2 + 5
    texts = [_text(middle, first, f"{_SIGNS[node.mark]}{node.label}", "name")]
    if node.detail and not group:
        texts.append(_text(middle, y + 40, node.detail, "detail"))
    return Markup('<g class="state {} {}">{}{}</g>').format(
        kind, node.mark, outline, Markup("").join(texts)
    )


def _box(node: Node, box: Mapping[str, Any]) -> Markup:
    radius = box["height"] / 2 if node.kind in ("Succeed", "Fail") else _ROUND
    return Markup(
        '<rect x="{:.0f}" y="{:.0f}" width="{:.0f}" height="{:.0f}" rx="{:.0f}"/>'
    ).format(box["x"], box["y"], box["width"], box["height"], radius)


def _hexagon(x: float, y: float, width: float, height: float) -> Markup:
    points = (
        (x + _CORNER, y),
        (x + width - _CORNER, y),
        (x + width, y + height / 2),
        (x + width - _CORNER, y + height),
        (x + _CORNER, y + height),
        (x, y + height / 2),
    )
    return Markup('<polygon points="{}"/>').format(" ".join(f"{a:.0f},{b:.0f}" for a, b in points))


def _text(x: float, y: float, text: str, style: str) -> Markup:
    return Markup('<text x="{:.0f}" y="{:.0f}" class="{}">{}</text>').format(
        x, y, style, escape(text)
    )


def _way(edge: Edge, placed: Mapping[str, Any]) -> Markup:
    style = f"way {edge.mark}" + (" error" if edge.error else "")
    lines = [
        Markup('<path d="{}" marker-end="url(#arrow)"/>').format(_path(section))
        for section in placed.get("sections", ())
    ]
    for label in placed.get("labels", ()):
        middle = label["x"] + label["width"] / 2
        lines.append(_text(middle, label["y"] + 12, label["text"], "label"))
    return Markup('<g class="{}">{}</g>').format(style, Markup("").join(lines))


def _path(section: Mapping[str, Any]) -> str:
    """A line with rounded corners."""
    points = [section["startPoint"], *section.get("bendPoints", ()), section["endPoint"]]
    found = f"M{points[0]['x']:.1f} {points[0]['y']:.1f}"
    for before, bend, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(bend, before), _towards(bend, after)
        found += f" L{start} Q{bend['x']:.1f} {bend['y']:.1f} {end}"
    return f"{found} L{points[-1]['x']:.1f} {points[-1]['y']:.1f}"


def _towards(bend: Mapping[str, float], other: Mapping[str, float]) -> str:
    across, down = other["x"] - bend["x"], other["y"] - bend["y"]
    length = max((across**2 + down**2) ** 0.5, 1e-6)
    part = min(8.0, length / 2) / length
    return f"{bend['x'] + across * part:.1f} {bend['y'] + down * part:.1f}"
