"""The drawings: mermaid reads them, the page shows them."""

from __future__ import annotations

import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tfbatch.review.render import layout
from tfbatch.review.render.graph import Edge, Graph, Node
from tfbatch.review.render.mermaid import mermaid
from tfbatch.review.render.svg import svg
from tfbatch.review.sides import states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch.review.review import Review

PARSER = Path(__file__).with_name("mermaid.mjs")
NESTED = {
    "StartAt": "Shards",
    "States": {
        "Shards": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Run",
                "States": {
                    "Run": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
                        "Next": "Done",
                        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
                    },
                    "Done": {"Type": "Succeed"},
                },
            },
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": True}}},
                {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "End": True}}},
            ],
            "End": True,
        },
    },
}


def parsed(drawings: list[str]) -> list[dict[str, int]]:
    done = subprocess.run(
        ["node", str(PARSER)],
        input=json.dumps(drawings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, int]] = json.loads(done.stdout)
    return found


def test_mermaid_reads_every_drawing_whole(reviews: Mapping[str, Review]) -> None:
    graphs = [
        finding.graph for one in reviews.values() for finding in one.findings if finding.graph
    ]
    graphs.append(states.graph(NESTED))
    for graph, read in zip(graphs, parsed([mermaid(one) for one in graphs]), strict=True):
        parents = {node.parent for node in graph.nodes} - {None}
        assert read["groups"] == len(parents)
        assert read["states"] == len(graph.nodes) - len(parents)
        assert read["ways"] == len(graph.edges)


@pytest.mark.parametrize(
    "name", ['say "no"', "a`b", "<b>", "end", "x # y;", "a | b", "{{x}}", "%%", "@bot"]
)
def test_mermaid_reads_any_name(name: str) -> None:
    nodes = (Node(name=name, label=name, detail=name), Node(name="z", label="z", kind="Choice"))
    ways = (Edge(source=name, target="z", label=name), Edge(source="z", target=name, error=True))
    assert parsed([mermaid(Graph(nodes=nodes, edges=ways))]) == [
        {"states": 2, "groups": 0, "ways": 2}
    ]


def test_nested_states_are_drawn_inside_theirs() -> None:
    graph = states.graph(NESTED)
    (placed,) = layout.place([graph])
    outer = {one["id"]: one for one in placed["children"]}
    (run, _) = outer["Shards"]["children"]
    shards = outer["Shards"]
    assert shards["x"] < run["x"] < run["x"] + run["width"] < shards["x"] + shards["width"]
    drawing = ET.fromstring(str(svg(graph, placed)))  # noqa: S314 # our own
    shapes = drawing.iter("rect")
    assert len(list(shapes)) == len(graph.nodes)


def test_a_states_name_cannot_break_out_of_the_page() -> None:
    graph = Graph(nodes=(Node(name="<script>", label="<script>alert(1)</script>"),), edges=())
    (placed,) = layout.place([graph])
    assert "<script>" not in svg(graph, placed)


def test_of_a_large_workflow_only_what_is_near_a_change_is_drawn_first() -> None:
    names = [f"s{number}" for number in range(40)]
    nodes = [Node(name=name, label=name) for name in names]
    nodes[20] = Node(name="s20", label="s20", mark="changed", parent="s30")
    ways = [Edge(source=one, target=two) for one, two in pairwise(names)]
    graph = Graph(nodes=tuple(nodes), edges=tuple(ways))
    assert [node.name for node in graph.nearby().nodes] == ["s19", "s20", "s21", "s30"]
    small = Graph(nodes=graph.nodes[15:25], edges=())
    assert small.nearby() == small
