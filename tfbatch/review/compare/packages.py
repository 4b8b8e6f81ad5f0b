"""Compares the pinned packages of both revisions, which a synthesis can't show."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from tfbatch.review.compare import differences
from tfbatch.review.finding import Finding, Section, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from tfbatch.review.sides.revision import Revision

_LOCK = "requirements/all.lock"
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


def package_findings(base: Revision, head: Revision, *, repository: Path) -> list[Finding]:
    """Return a finding that lists the pinned packages that differ."""
    rows = differences.rows(_pins(base, repository), _pins(head, repository))
    if not rows:
        return []
    return [
        Finding(
            section=Section.CHECKS,
            rule="packages-changed",
            severity=Severity.ATTENTION,
            title=f"{len(rows)} pinned package{'s' if len(rows) > 1 else ''} changed",
            why="Both revisions were synthesized with the packages installed here. This review "
            "does not show the effect of the new versions.",
            subject=_LOCK,
            rows=rows,
        )
    ]


def _pins(side: Revision, repository: Path) -> dict[str, str]:
    done = subprocess.run(
        ["git", "-C", str(repository), "show", f"{side.tree}:{_LOCK}"],
        capture_output=True,
        check=False,
        text=True,
    )
    return {found["name"].lower(): found["version"] for found in _PINNED.finditer(done.stdout)}
