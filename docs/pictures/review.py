"""Makes docs/review.png, of the worst golden pull request: ``python -m docs.pictures.review``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from docs.pictures.pages import DOCS, REPOSITORY, small
from tests.tfbatch.review.pull_requests import PULL_REQUESTS
from tfbatch.terminal.browser import VARIABLE, Browser

SIZE = (1240, 1500)
"""In pixels."""
_IDENTITY = ("-c", "user.name=A. Reviewer", "-c", "user.email=reviewer@example.com")


def main() -> None:
    """Review it in a clone, and take the picture of the page."""
    browser = Browser.find()
    if browser is None:
        sys.exit(f"docs/review.png needs a Chromium: install one, or name it in {VARIABLE}")
    (worst,) = (one for one in PULL_REQUESTS if one.name == "worst")
    with tempfile.TemporaryDirectory(prefix="tfbatch-pictures-") as folder:
        clone = Path(folder) / "tfbatch"
        _run("git", "clone", "--quiet", "--shared", str(REPOSITORY), str(clone))
        for ignored in ("models", "node_modules"):
            (clone / ignored).symlink_to(REPOSITORY / ignored)
        worst.change(clone)
        _git(clone, "checkout", "--quiet", "-b", "worst")
        _git(clone, "add", "--", "stacks", "model_code", "requirements")
        _git(clone, "commit", "--quiet", "--message", "worst")
        stages = [word for stage in worst.stages for word in ("--stage", stage)]
        command = ("review", "--base", "HEAD~1", "--head", "worst", *stages, "--format", "html")
        _run(sys.executable, "-m", "tfbatch", *command, cwd=clone, accepted=(0, 3, 4))
        browser.picture(clone / "review" / "review.html", DOCS / "review.png", size=SIZE)
    small(DOCS / "review.png")


def _git(folder: Path, *arguments: str) -> None:
    _run("git", *_IDENTITY, *arguments, cwd=folder)


def _run(*command: str, cwd: Path | None = None, accepted: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(command, cwd=cwd, check=False)
    if done.returncode not in accepted:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
