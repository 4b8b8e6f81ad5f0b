"""Reads a review's folder, and writes the text of its comment."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

DESTRUCTIVE = 4
FAILED = "The review failed, so nobody knows what the change does"
_CODES = (0, 3, DESTRUCTIVE)
_MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What a review found."""

    code: int | None
    """The exit code of ``tfbatch review``; ``None`` if it failed."""
    text: str
    """Markdown."""
    results: list[Any] = field(default_factory=list)
    """The results of its SARIF file."""

    @property
    def is_destructive(self) -> bool:
        """Whether someone must accept it."""
        return self.code == DESTRUCTIVE


def read(folder: Path, *, name: str = "review.md") -> Review:
    """Read a review. One that isn't there has failed; one that makes no sense is destructive.

    Args:
        folder: what ``tfbatch review --out`` wrote. If an earlier job failed, it isn't there.
        name: the file with the comment.
    """
    if not (folder / "review.json").is_file():
        return Review(code=None, text=f"{FAILED}.")
    found = _json(folder / "review.json")
    code = found.get("exit_code") if isinstance(found, dict) else None
    sarif = _json(folder / "review.sarif")
    try:
        results = list(sarif["runs"][0]["results"])
    except (IndexError, KeyError, TypeError):
        results = []
    known = code in _CODES and not isinstance(code, bool)
    text = _text(folder / name)
    return Review(code=code if known else DESTRUCTIVE, text=text, results=results)


def _text(file: Path) -> str:
    try:
        if file.is_symlink() or file.stat().st_size > _MOST_BYTES:
            return ""
        return file.read_text()
    except (OSError, ValueError):
        return ""


def _json(file: Path) -> Any:  # noqa: ANN401 # JSON
    try:
        return json.loads(_text(file))
    except (ValueError, RecursionError):
        return None


def digest(*texts: str) -> str:
    """Tells whether a comment is about the same review of the same commit."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def body(review: Review, *, mark: str, foot: str, limit: int) -> str:
    """A comment that mentions nobody, starts nothing, and fits.

    Args:
        review: the review.
        mark: how the comment is found again. Only its first line has it.
        foot: its last line.
        limit: characters of a comment.
    """
    quiet = re.sub(r"([@!])(?=[A-Za-z0-9])", "\\1\u200b", review.text.replace(mark, ""))
    # GitLab runs lines such as /merge, with the rights of the token.
    calm = re.sub(r"^(\s*)/", "\\1\u200b/", quiet, flags=re.MULTILINE).strip()
    room = limit - len(mark) - len(foot) - len("\n\n\n")
    whole = calm if len(calm) <= room else "The review is longer than a comment may be."
    return f"{mark}\n{whole}\n\n{foot}"


def said(review: Review, accepted: str | None, *, remedy: str) -> int:
    """Print what a review means for its pull request, and return the job's exit code.

    Args:
        review: the review.
        accepted: who accepted what is destructive.
        remedy: how to accept it.
    """
    if review.code is None:
        print(review.text)  # noqa: T201
        return 1
    if not review.is_destructive:
        print("Nothing destructive.")  # noqa: T201
        return 0
    if accepted:
        print(f"Destructive, accepted by {accepted}.")  # noqa: T201
        return 0
    print(f"Destructive. To accept, {remedy}, and run this job again.")  # noqa: T201
    return 1
