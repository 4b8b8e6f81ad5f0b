"""Writes a review as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from tfbatch.review.render.mermaid import mermaid

if TYPE_CHECKING:
    from tfbatch.review.finding import Finding
    from tfbatch.review.review import Review

FORMAT = 1
"""Increased if a field changes its meaning or is removed. New fields may be added."""


def document(review: Review) -> str:
    """Verdict, headline and findings."""
    content = {
        "format": FORMAT,
        "base": review.base,
        "head": review.head,
        "stages": list(review.stages),
        "verdict": review.severity.name.lower(),
        "exit_code": int(review.severity),
        "headline": review.headline,
        "synthesized_with": dict(zip(("base", "head"), review.tools, strict=True)),
        "usd_per_100000_records": {stage: round(usd, 4) for stage, usd in review.cost.items()},
        "findings": [_finding(finding) for finding in review.findings],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    plain = {
        field.name: getattr(finding, field.name)
        for field in dataclasses.fields(finding)
        if field.name != "graph"
    }
    drawing = {"mermaid": mermaid(finding.graph)} if finding.graph else {}
    return (
        plain
        | {
            "section": finding.section.name.lower(),
            "severity": finding.severity.name.lower(),
        }
        | drawing
    )
