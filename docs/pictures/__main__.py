"""Makes the README's pictures of the terminal: ``make pictures``.

What they show is what ran: a sandbox, the deployed app, photographs, and the command in a terminal.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from docs.pictures import pages, review, terminal
from tfbatch.aws import cdk, endpoint
from tfbatch.demo import deployment, photos
from tfbatch.watch.snapshot import RUNNING
from tfbatch_sandbox.sandbox import Sandbox

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
COPIES = 16
"""Of each of the demo's photographs."""


def main() -> None:
    """Review a change, then deploy into a sandbox of its own and take the pictures there."""
    review.main()
    with tempfile.TemporaryDirectory(prefix="tfbatch-pictures-") as folder:
        directory = Path(folder)
        with Sandbox.start(state_dir=directory / "sandbox") as sandbox:
            endpoint.point_at(sandbox.environment)
            deployment.bootstrap(directory, account=sandbox.account_id, region=sandbox.region)
            cdk.run(
                *("deploy", "--all", "--require-approval", "never"),
                *("--app", f"{sys.executable} -m docs.pictures.app"),
                *("--output", str(directory / "cdk.out")),
                directory=directory,
            )
            take(directory)
            pages.take(directory)


def take(directory: Path) -> None:
    """Run over photographs and draw two moments of it.

    Args:
        directory: gets the photographs.
    """
    many(directory)
    command = "tfbatch run photos --yes --wait"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    said = terminal.record(command.split(), environment=environment, cwd=directory)
    shown = terminal.frames(said)
    terminal.draw(shown[-1], title=command, to=DOCS / "run.svg")
    moving = [one for one in shown if RUNNING in one and "records/s" in one and "left" in one]
    at = moving[len(moving) // 2]
    start = at.index("\x1b[1mphotos-")
    terminal.draw(at[start:].rstrip(), title="tfbatch watch", to=DOCS / "watch.svg")


def many(directory: Path) -> None:
    """Write a folder ``photos`` with copies of the demo's photographs, and one that is none."""
    few = photos.collect(directory / "data").directory / "photos"
    folder = directory / "photos"
    folder.mkdir()
    for copy in range(COPIES):
        for photo in few.glob("*.jpg"):
            shutil.copy(photo, folder / f"{copy:02}-{photo.name}")
    (folder / "notes.jpg").write_text("not a photograph")


if __name__ == "__main__":
    main()
