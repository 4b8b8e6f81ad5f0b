"""Renders a review as a self-contained HTML page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tfbatch.review.finding import Section, Severity
from tfbatch.review.render import layout, words
from tfbatch.review.render.svg import svg

if TYPE_CHECKING:
    from tfbatch.review.finding import Finding
    from tfbatch.review.review import Review

_OPEN_LINES = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """A line of a diff, and whether it was added or removed."""

    kind: str
    text: str


def page(review: Review) -> str:
    """The whole page."""
    graphs = [finding.graph for finding in review.findings if finding.graph]
    drawn = list(dict.fromkeys([*graphs, *(graph.nearby() for graph in graphs)]))
    drawings = dict(zip(drawn, map(svg, drawn, layout.place(drawn)), strict=True))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        review=review,
        verdict=words.VERDICTS[review.severity],
        tools=words.tools(review),
        meaning=words.MEANINGS[review.severity],
        sections=[(section, review.of(section)) for section in Section],
        unchanged=lambda section: words.unchanged(section, review),
        where=lambda finding: words.where(finding, review),
        as_list=words.as_list,
        is_sentence=words.is_sentence,
        drawings=drawings,
        lines=_lines,
        prose=_prose,
        is_open=lambda finding: len(finding.diff) <= _OPEN_LINES,
        level=lambda severity: Severity(severity).name.lower(),
    )


def _prose(text: str) -> Markup:
    """Text, with code between backticks."""
    parts = (
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(text.split("`"))
    )
    return Markup("").join(parts)


def _lines(finding: Finding) -> list[_Line]:
    kinds = {"+": "came", "-": "went", "@": "skipped"}
    return [
        _Line(
            kind=kinds.get(line[:1], "stayed"),
            text="⋯" if line.startswith("@@") else line,
        )
        for line in finding.diff
    ]
