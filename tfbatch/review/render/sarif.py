"""Writes a review as SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tfbatch.review.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tfbatch.review.finding import Finding
    from tfbatch.review.review import Review

_LEVELS = {Severity.FINE: "note", Severity.ATTENTION: "warning", Severity.DESTRUCTIVE: "error"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FALLBACK = "cdk.json"


def sarif(review: Review) -> str:
    """The findings that need attention, at the lines that name their constructs."""
    found = [finding for finding in review.findings if finding.severity > Severity.FINE]
    rules = sorted({finding.rule for finding in found})
    run = {
        "tool": {"driver": {"name": "tfbatch review", "rules": [{"id": rule} for rule in rules]}},
        "results": [_result(finding, review) for finding in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _result(finding: Finding, review: Review) -> dict[str, Any]:
    file, line = review.lines.get(finding.subject, (_FALLBACK, 1))
    text = f"{finding.title}. {finding.why}".strip()
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": file},
                    "region": {"startLine": line},
                },
                "logicalLocations": [{"fullyQualifiedName": finding.subject or finding.rule}],
            }
        ],
    }


def lines_of(subjects: Iterable[str], *, sources: Path) -> dict[str, tuple[str, int]]:
    """The lines of Python files that name the constructs of a project.

    The CDK's metadata has no lines of Python, which runs in a process beside the CDK's own. A
    construct is found by the last part of its path that is written as a text in the code.

    Args:
        subjects: construct paths: ``Storage/Output``.
        sources: the project's folder.
    """
    texts = {
        file.relative_to(sources).as_posix(): file.read_text(errors="replace").splitlines()
        for file in sorted(sources.glob("stacks/**/*.py"))
        if file.is_file() and not file.is_symlink()
    }
    found = {}
    for subject in subjects:
        parts = [part for part in reversed(subject.split("/")) if part]
        places = (place for part in parts for place in _places(part, texts))
        if place := next(places, None):
            found[subject] = place
    return found


def _places(name: str, texts: dict[str, list[str]]) -> Iterable[tuple[str, int]]:
    quoted = re.compile(rf"""["']{re.escape(name)}["']""")
    for file, lines in texts.items():
        for number, line in enumerate(lines, 1):
            if quoted.search(line):
                yield file, number
