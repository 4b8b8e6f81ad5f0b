"""What is to be reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tfbatch.review.sides import revision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ChangeSet = Literal["auto", "never"]
"""``auto``: where that is possible."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The revisions and stages to review."""

    repository: Path
    """The project's folder."""
    base: str
    head: str = revision.WORKTREE
    head_assembly: Path | None = None
    """The head's assemblies, made elsewhere by :func:`synthesize`. They are read as data, and no
    code of the head runs."""
    stages: Sequence[str] = ()
    """Empty: every stage."""
    deployed: bool = False
    """Compare with the deployed stacks, and report where they differ from the base."""
    change_set: ChangeSet = "auto"
    """Whether CloudFormation is asked what it would do to the deployed stacks."""
    policy: Path | None = None
    """A file of rules of one's own."""
