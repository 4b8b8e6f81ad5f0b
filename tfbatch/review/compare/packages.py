"""Lists changed pins of packages. Both sides are synthesized with the installed ones."""

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
    """Changed pins of packages. Their effect on the synthesis isn't shown."""
    rows = differences.rows(_pins(base, repository), _pins(head, repository))
    if not rows:
        return []
    return [
        Finding(
            section=Section.CHECKS,
            rule="packages-changed",
            severity=Severity.ATTENTION,
            title=f"{len(rows)} pinned package{'s' if len(rows) > 1 else ''} changed",
            why="Both sides were synthesized with the packages that are installed here: what the "
            "others would make of the app isn't part of this review.",
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
